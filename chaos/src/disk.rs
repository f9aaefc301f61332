//! The disk of the SQLite databases: a small one of their own, where this machine allows it, so that it can be full.
//!
//! It is mounted in a namespace that the processes under test and `sqlite3` enter, and is gone with the process that holds
//! the namespace open.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Far more than a round needs.
const SIZE: &str = "size=256m";

/// A folder, on a disk of its own or not.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) folder: PathBuf,
    holder: Option<(Child, ChildStdin)>,
}

/// How to start a program that sees a disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entrance(Option<u32>);

impl Disk {
    /// An ordinary folder, where namespaces are not permitted.
    pub(crate) fn mount(folder: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let holder = hold(&folder);
        Ok(Self { folder, holder })
    }

    pub(crate) fn can_be_full(&self) -> bool {
        self.holder.is_some()
    }

    pub(crate) fn entrance(&self) -> Entrance {
        Entrance(self.holder.as_ref().map(|(child, _)| child.id()))
    }
}

/// Starts what holds the namespace open until its standard input ends, which is at the latest when this process does.
fn hold(folder: &Path) -> Option<(Child, ChildStdin)> {
    let script = "mount -t tmpfs -o \"$1\" chaos \"$2\" && echo mounted && exec cat";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", SIZE]).arg(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let stdin = child.stdin.take()?;
    let mut said = String::new();
    let is_read = BufReader::new(child.stdout.take()?).read_line(&mut said).is_ok();
    if is_read && said.trim() == "mounted" {
        return Some((child, stdin));
    }
    drop(stdin);
    let _ = child.wait();
    None
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some((mut child, stdin)) = self.holder.take() {
            drop(stdin);
            let _ = child.wait();
        }
    }
}

impl Entrance {
    /// The program, and not one that waits for it: signals reach it.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let Some(holder) = self.0 else { return Command::new(program) };
        let mut command = Command::new("nsenter");
        command.args(["--target", &holder.to_string(), "--user", "--mount", "--preserve-credentials", "--"]);
        command.arg(program);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(disk: &Disk, script: &str) -> bool {
        let mut command = disk.entrance().command("sh");
        command.args(["-c", script, "sh"]).arg(&disk.folder).stderr(Stdio::null()).status().unwrap().success()
    }

    #[test]
    fn a_disk_is_seen_by_those_who_enter_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::mount(folder.path().join("disk")).unwrap();
        assert!(sh(&disk, "echo kept >\"$1/file\""));
        assert!(sh(&disk, "test \"$(cat \"$1/file\")\" = kept"));
        assert_eq!(disk.folder.join("file").exists(), !disk.can_be_full());
        // Where namespaces are not permitted there is no disk to fill.
        if disk.can_be_full() {
            assert!(!sh(&disk, "head -c 300M /dev/zero >\"$1/filler\""), "it is full before");
            assert!(sh(&disk, "rm \"$1/filler\""));
        }
    }
}
