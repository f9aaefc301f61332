//! The contract of a store, kept by SQLite: every test of `contract/`, with both durabilities, on a runtime of one
//! thread and on one of several.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

mod contract;

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use timestamp_core::{Clock, ManualClock};
use timestamp_repo::testing::Faults;
use timestamp_repo::{Durability, Sqlite, UnitOfWork, rusqlite};

use self::contract::harness::{EventRow, Harness, Raise, Row, Rule};

/// A fresh database file, removed at the end.
struct SqliteHarness {
    folder: TempDir,
    durability: Durability,
    clock: ManualClock,
    faults: Faults,
}

impl SqliteHarness {
    fn new(durability: Durability) -> Self {
        Self {
            folder: TempDir::with_prefix("timestamp-contract-").unwrap(),
            durability,
            clock: Clock::manual("2026-01-31T12:00:00Z".parse().unwrap()),
            faults: Faults::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    /// A connection of somebody else's, with the defaults of SQLite.
    fn connection(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }
}

const TASKS: &str = "id TEXT PRIMARY KEY NOT NULL, title TEXT NOT NULL, done INTEGER NOT NULL, count INTEGER NOT NULL, \
                     created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT NOT NULL, version BIGINT NOT NULL";
const STEPS: &str = "id TEXT PRIMARY KEY NOT NULL, task_id TEXT NOT NULL REFERENCES tasks (id) DEFERRABLE INITIALLY \
                     DEFERRED, created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT NOT NULL, version BIGINT NOT NULL";

impl Harness for SqliteHarness {
    type Store = Sqlite;

    const ONE_WRITER: bool = true;

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    async fn open(&self, busy_timeout: Duration) -> Sqlite {
        let options = Sqlite::options().durability(self.durability).clock(&self.clock).faults(&self.faults);
        options.busy_timeout(busy_timeout).open(self.path()).await.unwrap()
    }

    async fn impose(&self, rule: Rule) -> bool {
        let table = format!("CREATE TABLE tasks ({TASKS}");
        let when = "WHEN NEW.title LIKE 'bad%' BEGIN SELECT RAISE";
        let connection = self.connection();
        let trigger = |time: &str, action: &str| {
            format!(
                "{table}); CREATE TRIGGER on_insert {time} INSERT ON tasks {when}({action}); END; \
                 CREATE TRIGGER on_update {time} UPDATE ON tasks {when}({action}); END;"
            )
        };
        let sql = match rule {
            Rule::UniqueTitle => format!("{table}); CREATE UNIQUE INDEX one_title ON tasks (title)"),
            Rule::ShortTitle => format!("{table}, CONSTRAINT short_title CHECK (length(title) < 20))"),
            Rule::StepsHaveTasks => format!("{table}); CREATE TABLE steps ({STEPS})"),
            Rule::NoBadTitle(Raise::Abort) => trigger("BEFORE", "ABORT, 'bad title'"),
            Rule::NoBadTitle(Raise::Fail) => trigger("BEFORE", "FAIL, 'bad title'"),
            Rule::NoBadTitle(Raise::FailAfterwards) => trigger("AFTER", "FAIL, 'bad title'"),
            Rule::NoBadTitle(Raise::Rollback) => trigger("BEFORE", "ROLLBACK, 'bad title'"),
            Rule::NoBadTitle(Raise::Ignore) => trigger("BEFORE", "IGNORE"),
            Rule::NoBadTitle(Raise::IgnoreAfterwards) => trigger("AFTER", "IGNORE"),
            Rule::SlowTitles => {
                let slow = "WHEN NEW.title LIKE 'slow%' BEGIN SELECT count(*) FROM (WITH RECURSIVE c(n) AS (SELECT 1 \
                            UNION ALL SELECT n + 1 FROM c LIMIT 1000000) SELECT n FROM c); END;";
                format!("{table}); CREATE TRIGGER on_insert BEFORE INSERT ON tasks {slow}")
            }
        };
        connection.execute_batch(&sql).unwrap();
        true
    }

    async fn sql(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap();
    }

    async fn unit_sql(unit: &mut UnitOfWork<Sqlite>, sql: &str) -> Result<(), String> {
        let connection = unit.connection().await.map_err(|error| error.to_string())?;
        connection.execute_batch(sql).map_err(|error| error.to_string())
    }

    async fn rows(&self, table: &str) -> Vec<Row> {
        let connection = self.connection();
        let sql = format!("SELECT CAST(id AS TEXT), created_at_ms, updated_at_ms, version FROM {table} ORDER BY id");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(Row { id: row.get(0)?, created_at: row.get(1)?, updated_at: row.get(2)?, version: row.get(3)? })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    async fn events(&self) -> Vec<EventRow> {
        let connection = self.connection();
        let sql = "SELECT id, aggregatetype, aggregateid, version, kind, reason, occurred_at_ms FROM timestamp_outbox \
                   ORDER BY seq";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(EventRow {
                id: row.get(0)?,
                entity_type: row.get(1)?,
                entity_id: row.get(2)?,
                version: row.get(3)?,
                kind: row.get(4)?,
                reason: row.get(5)?,
                at: row.get(6)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// One `#[tokio::test]` for each test of the contract, in a module for its theme.
macro_rules! run {
    ($durability:ident, $flavor:tt: $($theme:ident { $($(#[$attribute:meta])* $name:ident),* $(,)? })*) => {
        $(mod $theme {
            $(
                #[tokio::test(flavor = $flavor)]
                $(#[$attribute])*
                async fn $name() {
                    let harness = crate::SqliteHarness::new(timestamp_repo::Durability::$durability);
                    crate::contract::$theme::$name(&harness).await;
                }
            )*
        })*
    };
}

macro_rules! full {
    ($($tests:tt)*) => { run! { Full, "current_thread": $($tests)* } };
}
macro_rules! full_on_many_threads {
    ($($tests:tt)*) => { run! { Full, "multi_thread": $($tests)* } };
}
macro_rules! normal {
    ($($tests:tt)*) => { run! { Normal, "current_thread": $($tests)* } };
}
macro_rules! normal_on_many_threads {
    ($($tests:tt)*) => { run! { Normal, "multi_thread": $($tests)* } };
}

mod full {
    crate::contract::every_test! { full }
}
mod full_on_many_threads {
    crate::contract::every_test! { full_on_many_threads }
}
mod normal {
    crate::contract::every_test! { normal }
}
mod normal_on_many_threads {
    crate::contract::every_test! { normal_on_many_threads }
}
