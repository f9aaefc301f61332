//! What a database must offer.
//!
//! Everything above this line is written once: [`Repository`](crate::Repository), [`UnitOfWork`](crate::UnitOfWork) and
//! the order of a [save](crate::save) know no SQL. Everything below knows one database; the folders mirror each other.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(feature = "postgres")]
mod task_key;

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use timestamp_core::__private::Outcome;
use timestamp_core::{EpochMs, Record, Value};
use uuid::Uuid;

use crate::error::{BeginError, CommitError, FindError, RepositoryError, SaveAllError, SaveError};
use crate::event_context::EventContext;
use crate::outbox::{EventQuery, StoredEvent};
use crate::page::{PageToken, Selected};
use crate::save::{Change, Written};

/// Which rows to read.
#[derive(Clone, Debug)]
pub enum Query {
    /// The rows with these ids, in no particular order.
    Ids(Vec<Value<'static>>),
    /// The rows for which the user's own SQL is true.
    Filter {
        /// The condition, with `?` for each value.
        sql: String,
        /// The values.
        values: Vec<Value<'static>>,
    },
    /// The most recently changed rows, newest first.
    Recent {
        /// Where the page before this one ended.
        after: Option<PageToken>,
        /// How many at most.
        limit: u32,
    },
    /// The rows changed at or after an instant, oldest first.
    ChangedSince(EpochMs),
}

/// Which rows to touch.
#[derive(Clone, Debug)]
pub struct BulkTouch {
    /// The condition, with `?` for each value.
    pub sql: String,
    /// The values.
    pub values: Vec<Value<'static>>,
    /// Why.
    pub reason: String,
    /// Where the events come from, if somebody has said.
    pub context: Option<Arc<EventContext>>,
}

/// One database, open. Sealed: a store is as good as its contract tests, and those are ours.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store",
    label = "only this library's stores are",
    note = "use `Sqlite`; code for any store is written as `fn f<S: Store>(store: &S)`"
)]
pub trait Backend: Clone + Send + Sync + Sized + 'static {
    /// An entity's table, checked, with its SQL.
    type Table: Send + Sync + 'static;
    /// The database's side of a unit of work.
    type Unit: Send;

    /// Creates the entity's table, or checks the one that exists.
    fn open_table<E: Record>(&self) -> impl Future<Output = Result<Arc<Self::Table>, RepositoryError>> + Send;

    /// Returns the table that `open_table` has returned for this entity before.
    fn known_table<E: Record>(&self) -> Option<Arc<Self::Table>>;

    /// Writes a change in a transaction of its own, and tells the entity how it ended.
    fn write<E: Record>(
        &self,
        table: &Arc<Self::Table>,
        entity: &mut E,
        change: Change,
    ) -> impl Future<Output = Result<Written, SaveError>> + Send;

    /// Writes all entities in one transaction, and tells each how it ended.
    fn save_all<E: Record>(
        &self,
        table: &Arc<Self::Table>,
        entities: &mut [E],
    ) -> impl Future<Output = Result<(), SaveAllError>> + Send;

    /// Touches rows in place, in a transaction of its own.
    fn touch_all<E: Record>(
        &self,
        table: &Arc<Self::Table>,
        touch: BulkTouch,
    ) -> impl Future<Output = Result<u64, SaveError>> + Send;

    /// Reads one row.
    fn find<E: Record>(
        &self,
        table: &Arc<Self::Table>,
        id: &E::Id,
    ) -> impl Future<Output = Result<Option<E>, FindError>> + Send;

    /// Reads rows.
    fn select<E: Record>(
        &self,
        table: &Arc<Self::Table>,
        query: Query,
    ) -> impl Future<Output = Result<Selected<E>, FindError>> + Send;

    /// Makes sure that nobody is still at work on a save whose answer was lost, so that what is read next is the last word.
    fn end_doubts(&self) -> impl Future<Output = Result<(), FindError>> + Send {
        async { Ok(()) }
    }

    /// Events were stored: whoever carries them on may look.
    fn stored(&self) {}

    /// Reads events.
    fn events(&self, query: EventQuery) -> impl Future<Output = Result<Vec<StoredEvent>, FindError>> + Send;

    /// Begins a unit of work, whose entities will look at `outcome`.
    fn begin_unit(
        &self,
        outcome: Arc<Outcome>,
        begun_at: &'static Location<'static>,
    ) -> impl Future<Output = Result<Self::Unit, BeginError>> + Send;

    /// Writes a change in the unit. On an error by outcome, the unit is as it was.
    fn unit_write<E: Record>(
        unit: &mut Self::Unit,
        table: &Arc<Self::Table>,
        entity: &mut E,
        change: Change,
    ) -> impl Future<Output = Result<Written, SaveError>> + Send;

    /// Touches rows in the unit.
    fn unit_touch_all<E: Record>(
        unit: &mut Self::Unit,
        table: &Arc<Self::Table>,
        touch: BulkTouch,
    ) -> impl Future<Output = Result<u64, SaveError>> + Send;

    /// Reads one row in the unit.
    fn unit_find<E: Record>(
        unit: &mut Self::Unit,
        table: &Arc<Self::Table>,
        id: &E::Id,
    ) -> impl Future<Output = Result<Option<E>, FindError>> + Send;

    /// Reads rows in the unit.
    fn unit_select<E: Record>(
        unit: &mut Self::Unit,
        table: &Arc<Self::Table>,
        query: Query,
    ) -> impl Future<Output = Result<Selected<E>, FindError>> + Send;

    /// Notes in the unit that a consumer has taken an event in; `false`, if it was noted before.
    fn unit_accept(
        unit: &mut Self::Unit,
        consumer: &str,
        event_id: Uuid,
    ) -> impl Future<Output = Result<bool, SaveError>> + Send;

    /// Ends the unit: it can only be rolled back.
    fn unit_give_up(unit: &mut Self::Unit);

    /// Forgets up to `limit` of what a consumer has taken in before a time. Returns how much.
    fn prune_inbox(
        &self,
        consumer: &str,
        before: EpochMs,
        limit: u32,
    ) -> impl Future<Output = Result<u64, SaveError>> + Send;

    /// Commits the unit, and decides its outcome.
    fn unit_commit(unit: Self::Unit) -> impl Future<Output = Result<(), CommitError>> + Send;
}
