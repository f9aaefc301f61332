//! `Replay`: commits become entities and events, each commit in one unit of work.

use std::collections::HashMap;
use std::path::Path;

use timestamp_core::{Clock, EpochMs, ManualClock, Timestamped};
use timestamp_repo::rusqlite::params;
use timestamp_repo::{Durability, Repository, Sqlite, UnitOfWork};
use uuid::Uuid;

use super::failure::Failure;
use super::history::{ChangeKind, Commit};
use super::source_file::SourceFile;

/// How far the replay has come stands in a table of its own, written in the transaction of each commit, so that a
/// replay that was interrupted goes on where it ended. No two files of a moment have one path.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS replay (
        one INTEGER PRIMARY KEY CHECK (one = 1), last_commit TEXT NOT NULL, commits INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS source_files_path ON source_files (path);
";

/// The `WHERE` notices another program that replays into the same database.
const PROGRESS: &str = "
    INSERT INTO replay (one, last_commit, commits) VALUES (1, ?1, 1)
    ON CONFLICT (one) DO UPDATE SET last_commit = ?1, commits = commits + 1 WHERE last_commit IS ?2
";

#[derive(Debug)]
pub(crate) struct Replay {
    store: Sqlite,
    files: Repository<SourceFile, Sqlite>,
    clock: ManualClock,
    /// The files that exist after the last commit.
    ids: HashMap<String, Uuid>,
    last_commit: Option<String>,
    commits: u32,
    events: u64,
}

impl Replay {
    /// Opens a new database, or one that holds a replay already.
    pub(crate) async fn open(database: Option<&Path>) -> Result<Self, Failure> {
        let clock = Clock::manual(EpochMs::UNIX_EPOCH);
        let options = Sqlite::options().clock(&clock).durability(Durability::Normal);
        let store = match database {
            Some(path) => options.open(path).await?,
            None => options.in_memory().await?,
        };
        let files = store.repository::<SourceFile>().await?;

        let mut unit = store.begin().await?;
        let connection = unit.connection().await?;
        connection.execute_batch(TABLES)?;
        let mut rows = connection.prepare("SELECT last_commit, commits FROM replay")?;
        let found = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.next().transpose()?;
        drop(rows);
        let (last_commit, commits) = found.map_or((None, 0), |(hash, commits)| (Some(hash), commits));
        unit.commit().await?;

        let files_found = files.filter("1", ()).await?;
        if last_commit.is_none() && !files_found.is_empty() {
            let line = "the database has files in `source_files` that no replay wrote: use a new database";
            return Err(Failure::Database(line.to_owned()));
        }
        let ids = files_found.iter().map(|file| (file.path().to_owned(), *file.id())).collect();
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

    pub(crate) fn store(&self) -> &Sqlite {
        &self.store
    }

    pub(crate) fn files(&self) -> &Repository<SourceFile, Sqlite> {
        &self.files
    }

    /// Stores one commit: all of it or nothing.
    pub(crate) async fn apply(&mut self, commit: &Commit) -> Result<(), Failure> {
        self.clock.set(commit.committed_at);
        let mut unit = self.store.begin().await?;
        let mut progress = unit.connection().await?.prepare_cached(PROGRESS)?;
        if progress.execute(params![commit.hash, self.last_commit])? != 1 {
            return Err(Failure::Database("another program replays into this database".to_owned()));
        }
        drop(progress);
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

    async fn find(&self, unit: &mut UnitOfWork<Sqlite>, path: &str) -> Result<SourceFile, Failure> {
        let found = match self.ids.get(path) {
            Some(id) => unit.find::<SourceFile>(id).await?,
            None => None,
        };
        found.ok_or_else(|| Failure::Database(format!("git changes `{path}`, and the database has no such file")))
    }
}
