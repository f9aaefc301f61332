//! What a database must offer to be tested: a fresh one per test, and a way past the store.

use std::future::Future;
use std::time::Duration;

use timestamp_core::ManualClock;
use timestamp_repo::testing::Faults;
use timestamp_repo::{Store, UnitOfWork};

/// A fresh database, empty but for what [`impose`](Self::impose) put there.
pub(crate) trait Harness: Send + Sync {
    /// The store under test.
    type Store: Store;

    /// Whether one transaction at a time can write. Where several can, a save waits only for those that write its row.
    const ONE_WRITER: bool;

    /// The clock of every store that is opened here.
    fn clock(&self) -> &ManualClock;

    /// Loses the answers of every store that is opened here.
    fn faults(&self) -> &Faults;

    /// Opens a store on the database. A second one is to the first what another process is.
    fn open(&self, busy_timeout: Duration) -> impl Future<Output = Self::Store> + Send;

    /// Creates the tables `tasks` (and `steps`) under a rule, as a user would have; before a repository is asked for.
    /// `false`, if the database knows no such rule.
    fn impose(&self, rule: Rule) -> impl Future<Output = bool> + Send;

    /// The value of a timestamp column, one millisecond (or version) later, in SQL.
    fn later(&self, column: &str) -> String {
        format!("{column} + 1")
    }

    /// Runs SQL behind the store's back, and commits it.
    fn sql(&self, sql: &str) -> impl Future<Output = ()> + Send;

    /// Runs SQL inside a unit of work, on its own connection.
    fn unit_sql(unit: &mut UnitOfWork<Self::Store>, sql: &str) -> impl Future<Output = Result<(), String>>;

    /// Reads a table, without the store, ordered by id.
    fn rows(&self, table: &str) -> impl Future<Output = Vec<Row>> + Send;

    /// Reads the outbox, without the store, in its order.
    fn events(&self) -> impl Future<Output = Vec<EventRow>> + Send;
}

/// What a user's table may demand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// A unique index on `tasks.title`.
    UniqueTitle,
    /// A check named `short_title`: fewer than 20 characters.
    ShortTitle,
    /// A trigger against titles that begin with `bad`.
    NoBadTitle(Raise),
    /// A foreign key from `steps.task_id`, checked at COMMIT.
    StepsHaveTasks,
    /// A trigger that takes its time (a tenth of a second or more) to insert titles that begin with `slow`.
    SlowTitles,
}

/// What a trigger does about it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raise {
    /// Undoes the statement.
    Abort,
    /// Keeps what the statement did so far.
    Fail,
    /// The same, when the row is written already.
    FailAfterwards,
    /// Undoes the whole transaction.
    Rollback,
    /// Leaves the row out and says nothing.
    Ignore,
    /// Says nothing, when the row is written already.
    IgnoreAfterwards,
}

/// The timestamp columns of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) version: i64,
}

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) entity_type: String,
    pub(crate) entity_id: String,
    pub(crate) version: i64,
    pub(crate) kind: String,
    pub(crate) reason: Option<String>,
    pub(crate) at: i64,
}
