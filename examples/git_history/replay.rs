//! `Replay`: commits become entities and events, each commit in one unit of work.

use std::collections::HashMap;
use std::path::Path;

use timestamp_core::{Clock, EpochMs, ManualClock, Timestamped};
use timestamp_repo::{Repository, UnitOfWork};
use uuid::Uuid;

use super::database::Database;
use super::failure::Failure;
use super::history::{ChangeKind, Commit};
use super::source_file::SourceFile;

#[derive(Debug)]
pub(crate) struct Replay<D: Database> {
    store: D,
    files: Repository<SourceFile, D>,
    clock: ManualClock,
    /// The files that exist after the last commit.
    ids: HashMap<String, Uuid>,
    last_commit: Option<String>,
    commits: u32,
    events: u64,
}

impl<D: Database> Replay<D> {
    /// Opens a new database, or one that holds a replay already.
    pub(crate) async fn open(database: Option<&Path>) -> Result<Self, Failure> {
        let clock = Clock::manual(EpochMs::UNIX_EPOCH);
        let store = D::open(database, &clock).await?;
        let files = store.repository::<SourceFile>().await?;

        let mut unit = store.begin().await?;
        let (last_commit, commits) = D::progress(&mut unit).await?.unzip();
        unit.commit().await?;

        let files_found = files.filter("TRUE", ()).await?;
        if last_commit.is_none() && !files_found.is_empty() {
            let line = "the database has files in `source_files` that no replay wrote: use a new database";
            return Err(Failure::Database(line.to_owned()));
        }
        let ids = files_found.iter().map(|file| (file.path().to_owned(), *file.id())).collect();
        let commits = commits.map_or(0, |commits| u32::try_from(commits).unwrap_or(u32::MAX));
        Ok(Self { store, files, clock, ids, last_commit, commits, events: 0 })
    }

    /// Returns the last commit that is stored.
    pub(crate) fn last_commit(&self) -> Option<&str> {
        self.last_commit.as_deref()
    }

    /// Returns how many commits are stored.
    pub(crate) fn commits(&self) -> u32 {
        self.commits
    }

    /// Returns how many events this run stored.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn store(&self) -> &D {
        &self.store
    }

    pub(crate) fn files(&self) -> &Repository<SourceFile, D> {
        &self.files
    }

    /// Stores one commit: all of it or nothing.
    pub(crate) async fn apply(&mut self, commit: &Commit) -> Result<(), Failure> {
        self.clock.set(commit.committed_at);
        let mut unit = self.store.begin().await?;
        if !D::advance(&mut unit, &commit.hash, self.last_commit()).await? {
            return Err(Failure::Database("another program replays into this database".to_owned()));
        }
        for (position, change) in (0..).zip(&commit.changes) {
            match change.kind {
                ChangeKind::Added => {
                    let mut file = SourceFile::added(&self.clock, &change.path, commit, position)?;
                    unit.save(&mut file).await?;
                    self.ids.insert(change.path.clone(), *file.id());
                }
                ChangeKind::Modified => {
                    let mut file = self.find(&mut unit, &change.path).await?;
                    file.change(commit);
                    unit.save(&mut file).await?;
                }
                ChangeKind::Deleted => {
                    let mut file = self.find(&mut unit, &change.path).await?;
                    unit.delete(&mut file, commit.subject.clone()).await?;
                    self.ids.remove(&change.path);
                }
            }
            self.events += 1;
        }
        unit.commit().await?;
        self.last_commit = Some(commit.hash.clone());
        self.commits += 1;
        Ok(())
    }

    async fn find(&self, unit: &mut UnitOfWork<D>, path: &str) -> Result<SourceFile, Failure> {
        let found = match self.ids.get(path) {
            Some(id) => unit.find::<SourceFile>(id).await?,
            None => None,
        };
        found.ok_or_else(|| Failure::Database(format!("git changes `{path}`, and the database has no such file")))
    }
}
