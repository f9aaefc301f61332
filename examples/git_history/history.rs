//! What git says: the commits of a repository, oldest first, read from the output of one `git log` as it is written.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use timestamp_core::EpochMs;

use super::failure::Failure;
use super::quoted::quoted;

/// One commit, compared with its first parent.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) hash: String,
    pub(crate) committed_at: EpochMs,
    pub(crate) author: String,
    pub(crate) subject: String,
    pub(crate) changes: Vec<Change>,
}

#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    /// As git quotes it.
    pub(crate) path: String,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ChangeKind {
    Added,
    /// Its content, its mode or its type is another one.
    Modified,
    Deleted,
}

/// A git repository with at least one commit.
#[derive(Debug)]
pub(crate) struct Repository {
    /// Where git runs; nothing for the current folder.
    folder: Option<PathBuf>,
    /// Resolved once, so that a commit made meanwhile does not matter.
    head: String,
    shallow: bool,
}

impl Repository {
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::History(format!("`{}` is not a folder", folder.display())));
        }
        let mut repository = Self { folder: folder.map(Path::to_owned), head: String::new(), shallow: false };
        let shallow = repository.output(&["rev-parse", "--is-shallow-repository"])?;
        if !shallow.status.success() {
            let said = String::from_utf8_lossy(&shallow.stderr);
            let said = said.lines().next().unwrap_or("git said nothing").trim_start_matches("fatal: ");
            let folder = folder.unwrap_or(Path::new("."));
            return Err(Failure::History(format!("no history in `{}`: {said}", folder.display())));
        }
        repository.shallow = text(&shallow.stdout).trim() == "true";
        let head = repository.output(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
        if !head.status.success() {
            return Err(Failure::History("the history is empty: HEAD has no commit yet".to_owned()));
        }
        text(&head.stdout).trim().clone_into(&mut repository.head);
        Ok(repository)
    }

    pub(crate) fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// Returns how many commits there are after `last`; nothing if `last` is not on the first-parent line of HEAD.
    pub(crate) fn count_after(&self, last: Option<&str>) -> Result<Option<u32>, Failure> {
        let mut child = self.spawn(&["rev-list", "--first-parent", &self.head])?;
        let mut count = 0;
        let mut found = last.is_none();
        if let Some(stdout) = child.stdout.take() {
            // To the end even where it is found early, so that git does not die of a closed pipe.
            for line in BufReader::new(stdout).lines() {
                let line = line?;
                found = found || last == Some(line.as_str());
                count += u32::from(!found || last.is_none());
            }
        }
        finish(&mut child)?;
        Ok(found.then_some(count))
    }

    /// Returns the commits after `last`, oldest first.
    pub(crate) fn commits_after(&self, last: Option<&str>) -> Result<Commits, Failure> {
        let range = match last {
            Some(last) => format!("{last}..{}", self.head),
            None => self.head.clone(),
        };
        let mut child = self.spawn(&[
            // What users configure for their eyes would change what is read here.
            "-c",
            "log.diffMerges=separate",
            "-c",
            "log.showRoot=true",
            "log",
            "--first-parent",
            "-m",
            "--no-renames",
            "--name-status",
            "--reverse",
            "-z",
            "--no-color",
            "--no-ext-diff",
            "--no-notes",
            "--no-relative",
            "--no-show-signature",
            "--ignore-submodules=none",
            "--encoding=UTF-8",
            "--format=commit%x00%H%x00%ct%x00%an%x00%s",
            &range,
            "--",
        ])?;
        let stdout = child.stdout.take().ok_or_else(|| Failure::History("git has no output".to_owned()))?;
        Ok(Commits { child, output: BufReader::with_capacity(1 << 16, stdout), token: Vec::new(), state: State::Start })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        if let Some(folder) = &self.folder {
            git.current_dir(folder);
            // Set inside hooks, and stronger than the folder that was asked for.
            for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
                git.env_remove(variable);
            }
        }
        git.env("LC_ALL", "C").args(arguments).stdin(Stdio::null());
        git
    }

    fn output(&self, arguments: &[&str]) -> Result<Output, Failure> {
        self.command(arguments).output().map_err(|error| not_started(&error))
    }

    /// Starts git, whose complaints go where ours do.
    fn spawn(&self, arguments: &[&str]) -> Result<Child, Failure> {
        self.command(arguments).stdout(Stdio::piped()).spawn().map_err(|error| not_started(&error))
    }
}

fn not_started(error: &std::io::Error) -> Failure {
    Failure::History(match error.kind() {
        ErrorKind::NotFound => "git is not installed, or not in PATH".to_owned(),
        _ => format!("git can not be started: {error}"),
    })
}

fn finish(child: &mut Child) -> Result<(), Failure> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(Failure::History(format!("git ended with {status}"))) }
}

/// The commits, each read when it is asked for.
#[derive(Debug)]
pub(crate) struct Commits {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What was read last: text between two NUL bytes.
    token: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Start,
    /// The word `commit` was read.
    InHeader,
    End,
}

impl Commits {
    /// Reads up to the next NUL byte; `false` at the end.
    fn advance(&mut self) -> Result<bool, Failure> {
        self.token.clear();
        let read = self.output.read_until(0, &mut self.token)?;
        if self.token.last() == Some(&0) {
            self.token.pop();
        }
        Ok(read > 0)
    }

    fn field(&mut self) -> Result<String, Failure> {
        if self.advance()? { Ok(text(&self.token)) } else { Err(torn("it ends within a commit")) }
    }

    /// Reads a commit whose first word was read, and the first word of the next.
    fn commit(&mut self) -> Result<Commit, Failure> {
        let (hash, seconds) = (self.field()?, self.field()?);
        let mut commit = Commit {
            hash,
            committed_at: committed_at(&seconds),
            author: self.field()?,
            subject: self.field()?,
            changes: Vec::new(),
        };
        loop {
            if !self.advance()? {
                self.state = State::End;
                // Had git died here, this could be half a commit.
                finish(&mut self.child)?;
                return Ok(commit);
            }
            // A line break stands between a commit and its first change. A status is one letter, so it is no `commit`.
            let kind = match self.token.trim_ascii_start() {
                b"" => continue,
                b"commit" => return Ok(commit),
                b"A" => ChangeKind::Added,
                b"M" | b"T" => ChangeKind::Modified,
                b"D" => ChangeKind::Deleted,
                other => return Err(torn(&format!("`{}` is no status", quoted(other)))),
            };
            if !self.advance()? {
                return Err(torn("it ends within a change"));
            }
            commit.changes.push(Change { kind, path: quoted(&self.token) });
        }
    }

    fn read(&mut self) -> Result<Option<Commit>, Failure> {
        if self.state == State::Start {
            self.state = State::InHeader;
            match (self.advance()?, self.token.as_slice()) {
                (false, _) => {
                    self.state = State::End;
                    finish(&mut self.child)?;
                }
                (true, b"commit") => {}
                (true, _) => return Err(torn("it does not begin with a commit")),
            }
        }
        if self.state == State::InHeader {
            return self.commit().map(Some);
        }
        Ok(None)
    }
}

fn torn(what: &str) -> Failure {
    Failure::History(format!("the output of `git log` is not understood: {what}"))
}

impl Iterator for Commits {
    type Item = Result<Commit, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        // Nothing to stop if it has ended; whoever gave up early has a better error to report than this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the committer time. Git stores any number of seconds; what is after the year 9999 stands at its end.
fn committed_at(seconds: &str) -> EpochMs {
    let millis = seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000));
    millis.and_then(|millis| EpochMs::from_millis(millis).ok()).unwrap_or(EpochMs::MAX)
}

/// Returns a name or a subject, which are read by people: bytes that are not UTF-8 are replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
