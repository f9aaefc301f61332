//! The contract of a store, kept by PostgreSQL: every test of `contract/`, on a runtime of one thread and on one of
//! several.
//!
//! They need a server, which `TIMESTAMP_TEST_POSTGRES` names: `postgres://user@host:port/database`. `scripts/test` starts
//! one. Each test works in a schema of its own, and removes it.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

mod contract;

use std::time::Duration;

use timestamp_core::{Clock, ManualClock};
use timestamp_repo::testing::Faults;
use timestamp_repo::tokio_postgres::{Client, NoTls};
use timestamp_repo::{Postgres, UnitOfWork};
use uuid::Uuid;

use self::contract::harness::{EventRow, Harness, Raise, Row, Rule};

/// A fresh schema.
struct PostgresHarness {
    schema: String,
    url: String,
    clock: ManualClock,
    faults: Faults,
}

impl PostgresHarness {
    async fn new() -> Self {
        let server = std::env::var("TIMESTAMP_TEST_POSTGRES").expect("TIMESTAMP_TEST_POSTGRES names no server");
        let schema = format!("contract_{}", Uuid::now_v7().simple());
        let sign = if server.contains('?') { '&' } else { '?' };
        // Who waits for each other is told soon, so that a test of many does not wait.
        let url = format!("{server}{sign}options=-c%20search_path%3D{schema}%20-c%20deadlock_timeout%3D20ms");
        let harness = Self {
            schema,
            url,
            clock: Clock::manual("2026-01-31T12:00:00Z".parse().unwrap()),
            faults: Faults::default(),
        };
        harness.sql(&format!("CREATE SCHEMA {}", harness.schema)).await;
        harness
    }

    /// A connection of somebody else's.
    async fn connection(&self) -> Client {
        let (client, connection) = timestamp_repo::tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET client_min_messages = warning").await.unwrap();
        client
    }

    async fn remove(self) {
        self.sql(&format!("DROP SCHEMA {} CASCADE", self.schema)).await;
    }
}

const TASKS: &str = "id uuid PRIMARY KEY, title text NOT NULL, done boolean NOT NULL, count bigint NOT NULL, \
                     created_at_ms bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL";
const STEPS: &str = "id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED, \
                     created_at_ms bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL";

impl Harness for PostgresHarness {
    type Store = Postgres;

    const ONE_WRITER: bool = false;

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    async fn open(&self, busy_timeout: Duration) -> Postgres {
        let options = Postgres::options().clock(&self.clock).faults(&self.faults).lock_timeout(busy_timeout);
        options.pool_size(8).connect(&self.url).await.unwrap()
    }

    async fn impose(&self, rule: Rule) -> bool {
        let table = format!("CREATE TABLE tasks ({TASKS}");
        let trigger = |time: &str, about: &str, action: &str| {
            format!(
                "{table}); CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.title LIKE \
                 '{about}%' THEN {action}; END IF; RETURN NEW; END $$; CREATE TRIGGER on_write {time} INSERT OR UPDATE \
                 ON tasks FOR EACH ROW EXECUTE FUNCTION on_write()"
            )
        };
        let raise = "RAISE EXCEPTION 'bad title'";
        let sql = match rule {
            Rule::UniqueTitle => format!("{table}); CREATE UNIQUE INDEX one_title ON tasks (title)"),
            Rule::ShortTitle => format!("{table}, CONSTRAINT short_title CHECK (length(title) < 20))"),
            Rule::StepsHaveTasks => format!("{table}); CREATE TABLE steps ({STEPS})"),
            Rule::NoBadTitle(Raise::Abort) => trigger("BEFORE", "bad", raise),
            // An exception undoes its statement, whole.
            Rule::NoBadTitle(Raise::Fail) => return false,
            Rule::NoBadTitle(Raise::FailAfterwards) => trigger("AFTER", "bad", raise),
            // A trigger can not end the transaction.
            Rule::NoBadTitle(Raise::Rollback) => return false,
            Rule::NoBadTitle(Raise::Ignore) => trigger("BEFORE", "bad", "RETURN NULL"),
            Rule::NoBadTitle(Raise::IgnoreAfterwards) => trigger("AFTER", "bad", "RETURN NULL"),
            Rule::SlowTitles => trigger("BEFORE", "slow", "PERFORM pg_sleep(0.2)"),
        };
        self.sql(&sql).await;
        true
    }

    async fn sql(&self, sql: &str) {
        self.connection().await.batch_execute(sql).await.unwrap();
    }

    async fn unit_sql(unit: &mut UnitOfWork<Postgres>, sql: &str) -> Result<(), String> {
        let connection = unit.connection().await.map_err(|error| error.to_string())?;
        connection.batch_execute(sql).await.map_err(|error| error.to_string())
    }

    async fn rows(&self, table: &str) -> Vec<Row> {
        let sql = format!(
            "SELECT id::text, created_at_ms::bigint, updated_at_ms::bigint, version::bigint FROM {table} ORDER BY id"
        );
        let rows = self.connection().await.query(&sql, &[]).await.unwrap();
        let row = |row: &timestamp_repo::tokio_postgres::Row| Row {
            id: row.get(0),
            created_at: row.get(1),
            updated_at: row.get(2),
            version: row.get(3),
        };
        rows.iter().map(row).collect()
    }

    async fn events(&self) -> Vec<EventRow> {
        let sql = "SELECT id::text, aggregatetype, aggregateid, version, kind, reason, occurred_at_ms FROM \
                   timestamp_outbox ORDER BY seq";
        let rows = self.connection().await.query(sql, &[]).await.unwrap();
        let event = |row: &timestamp_repo::tokio_postgres::Row| EventRow {
            id: row.get(0),
            entity_type: row.get(1),
            entity_id: row.get(2),
            version: row.get(3),
            kind: row.get(4),
            reason: row.get(5),
            at: row.get(6),
        };
        rows.iter().map(event).collect()
    }
}

/// One `#[tokio::test]` for each test of the contract, in a module for its theme.
macro_rules! run {
    ($flavor:tt: $($theme:ident { $($(#[$attribute:meta])* $name:ident),* $(,)? })*) => {
        $(mod $theme {
            $(
                #[tokio::test(flavor = $flavor)]
                #[ignore = "needs PostgreSQL; scripts/test starts one"]
                $(#[$attribute])*
                async fn $name() {
                    let harness = crate::PostgresHarness::new().await;
                    crate::contract::$theme::$name(&harness).await;
                    harness.remove().await;
                }
            )*
        })*
    };
}

macro_rules! on_one_thread {
    ($($tests:tt)*) => { run! { "current_thread": $($tests)* } };
}
macro_rules! on_many_threads {
    ($($tests:tt)*) => { run! { "multi_thread": $($tests)* } };
}

mod on_one_thread {
    crate::contract::every_test! { on_one_thread }
}
mod on_many_threads {
    crate::contract::every_test! { on_many_threads }
}
