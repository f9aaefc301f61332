//! The contract of a store, kept by PostgreSQL: every test of `contract/`, on a runtime of one thread and on one of
//! several, and once more in tables whose times are `timestamptz`.
//!
//! They need a server, which `TIMESTAMP_TEST_POSTGRES` names: `postgres://user@host:port/database`. `scripts/test` starts
//! one. Each test works in a schema of its own, and removes it.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

mod contract;

use std::error::Error;
use std::time::Duration;

use timestamp_core::{Clock, ManualClock};
use timestamp_repo::testing::Faults;
use timestamp_repo::tokio_postgres::types::{FromSql, Type};
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
    times: Times,
}

/// How the tables that are there before the store keep the times.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Millis,
    /// As `timestamptz`, and each with microseconds, as if other programs had written them.
    Timestamptz,
}

impl PostgresHarness {
    async fn new() -> Self {
        Self::of(Times::Millis, "").await
    }

    /// The sessions have unusual settings too, none of which matters.
    async fn with_timestamptz() -> Self {
        let settings =
            "%20-c%20timezone%3DAmerica/St_Johns%20-c%20datestyle%3DSQL%2CDMY%20-c%20intervalstyle%3Dsql_standard";
        let harness = Self::of(Times::Timestamptz, settings).await;
        harness.sql(&format!("{}; {}; {}", harness.tasks(""), harness.steps(""), harness.notes())).await;
        harness
    }

    async fn of(times: Times, settings: &str) -> Self {
        let server = std::env::var("TIMESTAMP_TEST_POSTGRES").expect("TIMESTAMP_TEST_POSTGRES names no server");
        let schema = format!("contract_{}", Uuid::now_v7().simple());
        let sign = if server.contains('?') { '&' } else { '?' };
        // Who waits for each other is told soon, so that a test of many does not wait.
        let url = format!("{server}{sign}options=-c%20search_path%3D{schema}%20-c%20deadlock_timeout%3D20ms{settings}");
        let harness = Self {
            schema,
            url,
            clock: Clock::manual("2026-01-31T12:00:00Z".parse().unwrap()),
            faults: Faults::default(),
            times,
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

    fn tasks(&self, constraint: &str) -> String {
        self.table(
            "tasks",
            &format!(
                "id uuid PRIMARY KEY, title text NOT NULL, done boolean NOT NULL, count bigint NOT NULL{constraint}"
            ),
        )
    }

    fn steps(&self, reference: &str) -> String {
        self.table("steps", &format!("id uuid PRIMARY KEY, task_id uuid NOT NULL{reference}"))
    }

    fn notes(&self) -> String {
        self.table("notes", "id bigint PRIMARY KEY, text text")
    }

    fn table(&self, name: &str, columns: &str) -> String {
        let table = |time: &str| {
            format!(
                "CREATE TABLE {name} ({columns}, created_at_ms {time} NOT NULL, updated_at_ms {time} NOT NULL, version \
                 bigint NOT NULL)"
            )
        };
        match self.times {
            Times::Millis => table("bigint"),
            Times::Timestamptz => format!(
                "{}; CREATE OR REPLACE FUNCTION add_micros() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 NEW.created_at_ms := date_trunc('milliseconds', NEW.created_at_ms) + interval '789 microseconds'; \
                 NEW.updated_at_ms := date_trunc('milliseconds', NEW.updated_at_ms) + interval '456 microseconds'; RETURN \
                 NEW; END $$; CREATE TRIGGER add_micros BEFORE INSERT OR UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION \
                 add_micros()",
                table("timestamptz")
            ),
        }
    }
}

/// A column of the timestamps in milliseconds, whatever its type is.
struct Millis(i64);

impl<'a> FromSql<'a> for Millis {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        match *ty {
            Type::INT4 => Ok(Self(i32::from_sql(ty, raw)?.into())),
            Type::INT8 => Ok(Self(i64::from_sql(ty, raw)?)),
            _ => {
                let since_2000 = i64::from_be_bytes(raw.try_into()?);
                Ok(Self(since_2000.div_euclid(1000) + 946_684_800_000))
            }
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT4 | Type::INT8 | Type::TIMESTAMPTZ)
    }
}

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
        if self.times == Times::Timestamptz {
            self.sql("DROP TABLE tasks, steps").await;
        }
        let table = self.tasks("");
        let trigger = |time: &str, about: &str, action: &str| {
            format!(
                "{table}; CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.title LIKE \
                 '{about}%' THEN {action}; END IF; RETURN NEW; END $$; CREATE TRIGGER on_write {time} INSERT OR UPDATE \
                 ON tasks FOR EACH ROW EXECUTE FUNCTION on_write()"
            )
        };
        let raise = "RAISE EXCEPTION 'bad title'";
        let sql = match rule {
            Rule::UniqueTitle => format!("{table}; CREATE UNIQUE INDEX one_title ON tasks (title)"),
            Rule::ShortTitle => self.tasks(", CONSTRAINT short_title CHECK (length(title) < 20)"),
            Rule::StepsHaveTasks => {
                let steps = self.steps(" REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED");
                format!("{table}; {steps}")
            }
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

    fn later(&self, column: &str) -> String {
        match self.times {
            Times::Timestamptz if column != "version" => format!("{column} + interval '1 millisecond'"),
            Times::Timestamptz | Times::Millis => format!("{column} + 1"),
        }
    }

    async fn sql(&self, sql: &str) {
        self.connection().await.batch_execute(sql).await.unwrap();
    }

    async fn unit_sql(unit: &mut UnitOfWork<Postgres>, sql: &str) -> Result<(), String> {
        let connection = unit.connection().await.map_err(|error| error.to_string())?;
        connection.batch_execute(sql).await.map_err(|error| error.to_string())
    }

    async fn rows(&self, table: &str) -> Vec<Row> {
        let sql = format!("SELECT id::text, created_at_ms, updated_at_ms, version::bigint FROM {table} ORDER BY id");
        let rows = self.connection().await.query(&sql, &[]).await.unwrap();
        let row = |row: &timestamp_repo::tokio_postgres::Row| Row {
            id: row.get(0),
            created_at: row.get::<_, Millis>(1).0,
            updated_at: row.get::<_, Millis>(2).0,
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
    ($flavor:tt, $harness:ident: $($theme:ident { $($(#[$attribute:meta])* $name:ident),* $(,)? })*) => {
        $(mod $theme {
            $(
                #[tokio::test(flavor = $flavor)]
                #[ignore = "needs PostgreSQL; scripts/test starts one"]
                $(#[$attribute])*
                async fn $name() {
                    let harness = crate::PostgresHarness::$harness().await;
                    crate::contract::$theme::$name(&harness).await;
                    harness.remove().await;
                }
            )*
        })*
    };
}

macro_rules! on_one_thread {
    ($($tests:tt)*) => { run! { "current_thread", new: $($tests)* } };
}
macro_rules! on_many_threads {
    ($($tests:tt)*) => { run! { "multi_thread", new: $($tests)* } };
}
macro_rules! in_timestamptz_columns {
    ($($tests:tt)*) => { run! { "multi_thread", with_timestamptz: $($tests)* } };
}

mod on_one_thread {
    crate::contract::every_test! { on_one_thread }
}
mod on_many_threads {
    crate::contract::every_test! { on_many_threads }
}
mod in_timestamptz_columns {
    crate::contract::every_test! { in_timestamptz_columns }
}
