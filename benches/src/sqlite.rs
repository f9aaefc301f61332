//! A task saved with its event on SQLite: by the repository, and by hand.
//!
//! By hand means: `rusqlite`, cached statements, the same pragmas, the same two tables with the same indexes, the same
//! two rows with the same values, a version check. It is what a careful developer writes who has no framework.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use tempfile::TempDir;
use timestamp_repo::{Durability, Repository, Sqlite};
use uuid::Uuid;

use crate::clock_read::clock_read;
use crate::task::{EventByHand, Task, TaskByHand};

/// A folder with one database, made by the store, in which either way can save.
#[derive(Debug)]
pub struct Database {
    folder: TempDir,
}

impl Database {
    /// Makes the tables.
    ///
    /// # Panics
    ///
    /// If the temporary folder can not be written to.
    pub async fn new() -> Self {
        let database = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        drop(database.store(Durability::Normal).await);
        database
    }

    /// Returns the file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("bench.db")
    }

    /// Opens the store and its repository.
    ///
    /// # Panics
    ///
    /// If it can not be opened.
    pub async fn store(&self, durability: Durability) -> (Sqlite, Repository<Task, Sqlite>) {
        let store = Sqlite::options().durability(durability).open(self.path()).await.expect("the store opens");
        let tasks = store.repository::<Task>().await.expect("the table fits");
        (store, tasks)
    }

    /// Opens it by hand.
    #[must_use]
    pub fn by_hand(&self, durability: Durability, autocheckpoint: u32) -> ByHand {
        ByHand::open(&self.path(), durability, autocheckpoint)
    }

    /// Moves the log into the file, outside of what is measured, so that each round begins with a short one.
    ///
    /// # Panics
    ///
    /// If the checkpoint fails.
    pub fn checkpoint(&self) {
        let connection = Connection::open(self.path()).expect("the file opens");
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    }

    /// Asserts that there are so many rows, and that each has as many events as its version says.
    ///
    /// # Panics
    ///
    /// If not.
    pub fn assert_rows(&self, count: i64) {
        let connection = Connection::open(self.path()).expect("the file opens");
        let sql = "SELECT count(*), count(*) FILTER (WHERE version = (SELECT count(*) FROM timestamp_outbox \
                   WHERE aggregatetype = 'Task' AND aggregateid = tasks.id)) FROM tasks";
        let found: (i64, i64) =
            connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows can be counted");
        assert_eq!(found, (count, count), "rows, and rows with an event for each version");
    }
}

/// The hand-written way.
#[derive(Debug)]
pub struct ByHand {
    connection: Connection,
}

const UPDATE: &str = "UPDATE tasks SET title = ?2, done = ?3, priority = ?4, updated_at_ms = ?5, version = ?6 \
                      WHERE id = ?1 AND version = ?7";
const INSERT: &str = "INSERT INTO tasks (id, title, done, priority, created_at_ms, updated_at_ms, version) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const EVENT: &str = "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, \
                     reason, occurred_at_ms, recorded_at_ms) VALUES (?1, 'Task', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const FIND: &str = "SELECT id, title, done, priority, created_at_ms, updated_at_ms, version FROM tasks WHERE id = ?1";

impl ByHand {
    fn open(path: &Path, durability: Durability, autocheckpoint: u32) -> Self {
        let connection = Connection::open(path).expect("the file opens");
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY").expect("pragmas");
        connection.pragma_update(None, "wal_autocheckpoint", autocheckpoint).expect("pragma");
        let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous).expect("pragma");
        connection.set_prepared_statement_cache_capacity(64);
        Self { connection }
    }

    fn execute(&self, sql: &str) {
        self.connection.prepare_cached(sql).and_then(|mut it| it.execute([])).expect("a statement");
    }

    /// Begins a transaction.
    pub fn begin(&self) {
        self.execute("BEGIN IMMEDIATE");
    }

    /// Commits it.
    pub fn commit(&self) {
        self.execute("COMMIT");
    }

    /// Saves a task and its event in a transaction of its own.
    pub fn save(&self, task: &mut TaskByHand) {
        self.begin();
        self.write(task);
        self.commit();
    }

    /// Saves a task and its event in the open transaction.
    ///
    /// # Panics
    ///
    /// If somebody else saved it.
    pub fn write(&self, task: &mut TaskByHand) {
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let id: &str = task.id.hyphenated().encode_lower(&mut buffer);
        let connection = &self.connection;
        if task.stored_version == 0 {
            let values =
                params![id, task.title, task.done, task.priority, task.created_at_ms, task.updated_at_ms, task.version];
            connection.prepare_cached(INSERT).and_then(|mut it| it.execute(values)).expect("an insert");
        } else {
            let values = params![
                id,
                task.title,
                task.done,
                task.priority,
                task.updated_at_ms,
                task.version,
                task.stored_version
            ];
            let changed = connection.prepare_cached(UPDATE).and_then(|mut it| it.execute(values)).expect("an update");
            assert_eq!(changed, 1, "somebody else saved it");
        }
        let EventByHand { id: event_id, kind, event_type, reason, payload } = task.event();
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let event_id: &str = event_id.hyphenated().encode_lower(&mut buffer);
        let values =
            params![event_id, id, event_type, payload, task.version, kind, reason, task.updated_at_ms, clock_read()];
        connection.prepare_cached(EVENT).and_then(|mut it| it.execute(values)).expect("an event");
        task.stored_version = task.version;
    }

    /// Loads a task.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn find(&self, id: Uuid) -> TaskByHand {
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let id: &str = id.hyphenated().encode_lower(&mut buffer);
        let mut statement = self.connection.prepare_cached(FIND).expect("a statement");
        statement
            .query_row([id], |row| {
                let version = row.get(6)?;
                Ok(TaskByHand {
                    id: Uuid::try_parse(row.get_ref(0)?.as_str()?).expect("a UUID"),
                    title: row.get(1)?,
                    done: row.get(2)?,
                    priority: row.get(3)?,
                    created_at_ms: row.get(4)?,
                    updated_at_ms: row.get(5)?,
                    version,
                    stored_version: version,
                })
            })
            .expect("a task")
    }
}
