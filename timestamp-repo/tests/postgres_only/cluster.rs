//! A server of the test's own, for what must not be done to one that others use.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use timestamp_repo::Postgres;
use timestamp_repo::tokio_postgres::NoTls;

/// Started by `scripts/services`; stopped and removed when dropped.
pub(crate) struct Cluster {
    folder: TempDir,
    pub(crate) url: String,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
        let url = up(folder.path());
        Self { folder, url }
    }

    /// Starts it where it is not up, on the same data and the same port.
    pub(crate) fn start_again(&self) {
        assert_eq!(up(self.folder.path()), self.url);
    }

    /// Has it end at once, as a crash does, and waits until it has.
    pub(crate) fn crash(&self) {
        let process = self.process();
        let pid = process.file_name().unwrap();
        assert!(Command::new("kill").arg("-QUIT").arg(pid).status().unwrap().success());
        for _ in 0..1000 {
            // Where nobody collects the processes of others, it stays as a zombie.
            let state = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the server does not end");
    }

    fn process(&self) -> PathBuf {
        let file = std::fs::read_to_string(self.folder.path().join("postgres/data/postmaster.pid")).unwrap();
        Path::new("/proc").join(file.lines().next().unwrap())
    }

    /// Writes a file into the folder of its data, which its own user alone can enter, and reads what is in it.
    pub(crate) async fn write(&self, name: &str, text: &str) {
        let lines: Vec<String> = text.lines().map(|line| format!("('{line}')")).collect();
        self.sql(&format!("COPY (VALUES {}) TO PROGRAM 'umask 077 && cat >{name}'", lines.join(", "))).await;
    }

    /// Runs SQL as its superuser.
    pub(crate) async fn sql(&self, sql: &str) {
        let (client, connection) = timestamp_repo::tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn store(&self) -> Postgres {
        Postgres::options().pool_size(2).connect(&self.url).await.unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        services("down", self.folder.path());
    }
}

fn up(folder: &Path) -> String {
    let exports = services("up", folder);
    let url = exports.lines().find_map(|line| line.strip_prefix("export TIMESTAMP_TEST_POSTGRES="));
    url.unwrap_or_else(|| panic!("`scripts/services up` says `{exports}`")).to_owned()
}

fn services(command: &str, folder: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/services");
    let only: &[&str] = if command == "up" { &["--only", "postgres"] } else { &[] };
    let output = Command::new(script).arg(command).arg(folder).args(only).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
