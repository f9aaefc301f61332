//! A database file in a folder of its own, and the entity that most tests save.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::rusqlite::Connection;
use timestamp_repo::rusqlite::types::FromSql;
use timestamp_repo::{Durability, Repository, Sqlite};
use uuid::Uuid;

pub(crate) const BOTH: [Durability; 2] = [Durability::Full, Durability::Normal];

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks")]
pub(crate) struct Task {
    #[timestamped(id)]
    id: Uuid,
    pub(crate) title: String,
    pub(crate) done: bool,
    timestamps: Timestamps,
}

impl Task {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        let created = Self::create(|timestamps| Self { id: Uuid::now_v7(), title, done: false, timestamps });
        created.unwrap()
    }

    pub(crate) fn many(count: usize) -> Vec<Self> {
        (0..count).map(|number| Self::new(format!("task {number}"))).collect()
    }

    pub(crate) fn complete(&mut self) {
        self.done = true;
        self.touch("completed");
    }
}

/// The table of [`Task`], as `repository()` creates it.
pub(crate) const TASKS: &str = "CREATE TABLE tasks (id TEXT NOT NULL PRIMARY KEY, title TEXT NOT NULL, done INTEGER NOT NULL, \
                         created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT NOT NULL, version BIGINT NOT NULL)";

pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A place whose database holds what `sql` makes.
    pub(crate) fn with(sql: &str) -> Self {
        let place = Self::new();
        place.sql(sql);
        place
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("store.db")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder().join("store.db-wal")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A connection past the store, as another program would have it.
    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(self.file()).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection
    }

    pub(crate) fn sql(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap();
    }

    pub(crate) fn value<T: FromSql>(&self, sql: &str) -> T {
        self.connection().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) async fn store(&self) -> Sqlite {
        Sqlite::open(self.file()).await.unwrap()
    }

    pub(crate) async fn store_with(&self, durability: Durability) -> Sqlite {
        let options = Sqlite::options().durability(durability).busy_timeout(Duration::from_millis(300));
        options.open(self.file()).await.unwrap()
    }

    pub(crate) async fn tasks(&self) -> (Sqlite, Repository<Task, Sqlite>) {
        let store = self.store().await;
        let tasks = store.repository().await.unwrap();
        (store, tasks)
    }

    /// Asserts that rows and outbox tell the same story: every task's version is the number of its events.
    pub(crate) fn assert_rows_and_events_agree(&self) {
        let wrong: i64 = self.value(
            "SELECT count(*) FROM tasks WHERE version <>
                 (SELECT count(*) FROM timestamp_outbox WHERE aggregateid = tasks.id AND aggregatetype = 'Task')",
        );
        assert_eq!(wrong, 0, "rows whose version is not the number of their events");
        let orphans: i64 = self.value(
            "SELECT count(*) FROM (SELECT aggregateid FROM timestamp_outbox GROUP BY 1
                 HAVING max(kind = 'deleted') = 0 AND aggregateid NOT IN (SELECT id FROM tasks))",
        );
        assert_eq!(orphans, 0, "events without a row");
        assert_eq!(self.value::<String>("PRAGMA integrity_check"), "ok");
    }
}

/// Asserts that an error's text is a fragment that contains all of `parts`.
#[track_caller]
pub(crate) fn assert_says(error: impl Display, parts: &[&str]) {
    let text = error.to_string();
    assert!(!text.ends_with('.') && !text.contains('\n'), "not a fragment: {text}");
    for part in parts {
        assert!(text.contains(part), "{text:?} does not contain {part:?}");
    }
}

/// Says on the test's output why nothing was tested.
pub(crate) fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}
