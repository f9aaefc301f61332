//! SQLite's side of a unit of work.
//!
//! Until its first write a unit reads on a reader's connection, without a transaction: the version check of each save
//! protects what it read. (A transaction that begins with a read and then wants to write fails at once with
//! `SQLITE_BUSY_SNAPSHOT` if anybody wrote in between.) The first write takes the writer and says BEGIN IMMEDIATE.

use std::fmt;
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::{EpochMs, Record};
use tokio::sync::OwnedMutexGuard;

use super::failure;
use super::options::Durability;
use super::read;
use super::row::Loading;
use super::store::Sqlite;
use super::table::Table;
use super::write::{Columns, Fields};
use super::writer::{Backoff, CommitFailure, EndCount, Writer};
use crate::backend::{BulkTouch, Query};
use crate::error::{BackendError, Busy, CommitError, FindError, SaveError};
use crate::relay::storage::Relaying as _;
use crate::save::{self, Change, Written};

/// A unit of work on SQLite.
pub struct SqliteUnit {
    transaction: Option<Transaction>,
    /// Why the unit can not go on, if so.
    ended: Option<Ended>,
    outcome: Arc<Outcome>,
    begun_at: &'static Location<'static>,
    store: Sqlite,
}

/// An open transaction. Dropping it rolls back, decides the outcome, and lets the next writer in, in this order.
pub(super) struct Transaction {
    writer: OwnedMutexGuard<Writer>,
    /// What the writer had ended when this began; anything more was done by somebody else's SQL.
    begun: EndCount,
    /// When it began, for events that are stored together.
    recorded_at: EpochMs,
    pages: u64,
    /// Whether each save needs a savepoint, once that was looked up. Nobody else can change it meanwhile.
    savepoints: Option<bool>,
    outcome: Arc<Outcome>,
    store: Sqlite,
}

#[derive(Clone, Copy)]
enum Ended {
    /// By an error that took the whole transaction with it.
    RolledBack,
    /// By SQL of the user's own.
    Elsewhere { stored: bool },
    /// The same, and nobody knows whether that stored anything.
    Unknown,
    /// By us: a statement failed for a reason that has no outcome of its own.
    Poisoned,
}

impl SqliteUnit {
    pub(super) fn new(store: Sqlite, outcome: Arc<Outcome>, begun_at: &'static Location<'static>) -> Self {
        Self { transaction: None, ended: None, outcome, begun_at, store }
    }

    pub(super) fn now(&self) -> EpochMs {
        self.store.now()
    }

    pub(super) fn path(&self) -> &Path {
        self.store.path()
    }

    /// Notices a transaction that ended behind the unit's back. Then its outcome is known, and the unit is over.
    fn notice_end(&mut self) {
        let Some(transaction) = &self.transaction else { return };
        let ends = transaction.writer.ends();
        let committed = ends.commits > transaction.begun.commits;
        let rolled_back = ends.rollbacks > transaction.begun.rollbacks;
        let (ended, outcome) = match (committed, rolled_back) {
            (true, false) => (Ended::Elsewhere { stored: true }, OutcomeState::Committed),
            // SQLite tells of a commit before it has happened; one that then fails is rolled back. COMMIT, BEGIN and
            // ROLLBACK look the same.
            (true, true) => (Ended::Unknown, OutcomeState::Unknown),
            (false, _) if !transaction.writer.in_transaction() => (Ended::RolledBack, OutcomeState::RolledBack),
            // ROLLBACK and BEGIN, by somebody else.
            (false, true) => (Ended::Elsewhere { stored: false }, OutcomeState::RolledBack),
            (false, false) => return,
        };
        self.end(ended, outcome);
    }

    /// Whatever was written in it is not to be stored.
    pub(super) fn give_up(&mut self) {
        if self.ended.is_none() {
            self.end(Ended::Poisoned, OutcomeState::RolledBack);
        }
    }

    fn end(&mut self, ended: Ended, outcome: OutcomeState) {
        self.outcome.decide(outcome);
        self.ended = Some(ended);
        self.transaction = None;
    }

    fn check(&mut self) -> Result<(), BackendError> {
        self.notice_end();
        match self.ended {
            None => Ok(()),
            Some(ended) => Err(BackendError::new(match ended {
                Ended::RolledBack => {
                    "the unit of work is over: the database rolled its transaction back after an error"
                }
                Ended::Elsewhere { .. } | Ended::Unknown => "the unit of work is over: other SQL ended its transaction",
                Ended::Poisoned => "the unit of work is over: an earlier statement failed",
            })),
        }
    }

    /// Takes the writer and begins the transaction, if that has not been done.
    async fn begin_writing(&mut self) -> Result<&mut Transaction, SaveError> {
        self.check().map_err(SaveError::Backend)?;
        if self.transaction.is_none() {
            let transaction = Transaction::begin(&self.store, &self.outcome, Some(self.begun_at)).await?;
            self.transaction = Some(transaction);
        }
        match &mut self.transaction {
            Some(transaction) => Ok(transaction),
            None => unreachable!("the transaction was begun above"),
        }
    }

    /// Ends the unit if an error took more with it than the statement it belongs to.
    pub(super) fn settle_error(&mut self, error: SaveError) -> SaveError {
        self.notice_end();
        if self.ended.is_none() && matches!(error, SaveError::Backend(_)) {
            self.end(Ended::Poisoned, OutcomeState::RolledBack);
        }
        error
    }

    pub(super) async fn write<E: Record>(
        &mut self,
        table: &Table,
        entity: &mut E,
        change: &Change,
    ) -> Result<Written, SaveError> {
        let transaction = self.begin_writing().await?;
        transaction.pages += change.pages();
        match transaction.write(table, change, &Fields(&*entity)) {
            Ok(written) => {
                match written {
                    Written::Now { digest } => save::in_flight(entity, change, &self.outcome, digest),
                    Written::Before { version } => save::in_flight_before(entity, change, &self.outcome, version),
                }
                Ok(written)
            }
            Err(error) => Err(self.settle_error(error)),
        }
    }

    pub(super) async fn touch_all<E: Record>(&mut self, table: &Table, touch: &BulkTouch) -> Result<u64, SaveError> {
        let transaction = self.begin_writing().await?;
        match transaction.writer.touch_in_savepoint(table, E::ENTITY_TYPE, touch) {
            Ok(count) => {
                transaction.pages += 4 * count;
                Ok(count)
            }
            Err(error) => Err(self.settle_error(error)),
        }
    }

    pub(super) fn find<E: Record>(&mut self, table: &Table, id: &E::Id) -> Result<Option<E>, FindError> {
        self.check().map_err(FindError::Backend)?;
        match &self.transaction {
            Some(transaction) => read::find(transaction.writer.connection(), table, id, transaction.loading()),
            None => read::find(&*self.store.reader()?, table, id, self.store.loading()),
        }
    }

    pub(super) fn select<E: Record>(&mut self, table: &Table, query: &Query) -> Result<Vec<E>, FindError> {
        self.check().map_err(FindError::Backend)?;
        match &self.transaction {
            Some(transaction) => read::select(transaction.writer.connection(), table, query, transaction.loading()),
            None => read::select(&*self.store.reader()?, table, query, self.store.loading()),
        }
    }

    pub(super) async fn connection(&mut self) -> Result<&Connection, SaveError> {
        let transaction = self.begin_writing().await?;
        // SQL of one's own is not counted; it may be much.
        transaction.pages += 4;
        // It may create a trigger.
        transaction.savepoints = None;
        Ok(transaction.writer.connection())
    }

    pub(super) async fn commit(mut self) -> Result<(), CommitError> {
        self.notice_end();
        match self.ended {
            None => {}
            Some(Ended::Elsewhere { stored }) => return Err(CommitError::EndedElsewhere { stored }),
            Some(Ended::Unknown) => return Err(CommitError::OutcomeUnknown),
            Some(Ended::RolledBack | Ended::Poisoned) => return Err(CommitError::RolledBack),
        }
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        match self.store.durability() {
            // A commit of microseconds.
            Durability::Normal => transaction.commit(),
            // A sync must not block an executor. The thread owns the transaction, so that a dropped future leaves
            // nothing half done, and the outcome is decided whether or not anybody waits for it.
            Durability::Full => {
                // Whoever waits from here on waits for the disk, and not for itself.
                self.store.holder().leave_task();
                let committed = tokio::task::spawn_blocking(move || transaction.commit()).await;
                committed.unwrap_or(Err(CommitError::OutcomeUnknown))
            }
        }
    }
}

impl Transaction {
    /// Takes the writer and begins. A unit of work leaves word of where it began.
    pub(super) async fn begin(
        store: &Sqlite,
        outcome: &Arc<Outcome>,
        begun_at: Option<&'static Location<'static>>,
    ) -> Result<Self, SaveError> {
        let mut pause = Backoff::new(store.busy_timeout());
        let writer = store.lock_writer().await?;
        while !writer.try_begin()? {
            match pause.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(SaveError::Busy(Busy { unit: None, same_task: false })),
            }
        }
        if let Some(begun_at) = begun_at {
            store.holder().set(begun_at);
        }
        let (begun, recorded_at) = (writer.ends(), writer.clock().now());
        Ok(Self {
            writer,
            begun,
            recorded_at,
            pages: 0,
            savepoints: None,
            outcome: Arc::clone(outcome),
            store: store.clone(),
        })
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(super) fn recorded_at(&self) -> EpochMs {
        self.recorded_at
    }

    /// Notes that about so many pages were written.
    pub(super) fn note(&mut self, pages: u64) {
        self.pages += pages;
    }

    fn loading(&self) -> Loading<'_> {
        Loading { transaction: Some(&self.outcome), ..self.store.loading() }
    }

    fn write(&mut self, table: &Table, change: &Change, columns: &impl Columns) -> Result<Written, SaveError> {
        let savepoints = match self.savepoints {
            Some(known) => known,
            None => *self.savepoints.insert(self.writer.needs_savepoints()?),
        };
        if savepoints {
            self.writer.write_in_savepoint(table, change, columns)
        } else {
            self.writer.write_undoably(table, change, columns)
        }
    }

    pub(super) fn commit(self) -> Result<(), CommitError> {
        let committed = self.writer.commit();
        let (state, result) = match committed {
            Ok(()) => {
                self.store.checkpoints().note(self.pages);
                (OutcomeState::Committed, Ok(()))
            }
            Err(CommitFailure::Unknown) => (OutcomeState::Unknown, Err(CommitError::OutcomeUnknown)),
            Err(CommitFailure::NotStored(error)) => {
                let error = match failure::constraint(&error) {
                    Some(name) => CommitError::Constraint { name },
                    None => CommitError::Backend(failure::backend(error)),
                };
                (OutcomeState::RolledBack, Err(error))
            }
        };
        self.outcome.decide(state);
        result
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.writer.rollback();
        // After a commit the outcome stands already, and only the first answer counts.
        self.outcome.decide(OutcomeState::RolledBack);
        self.store.holder().clear();
    }
}

impl fmt::Debug for SqliteUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteUnit").field("begun_at", &self.begun_at).finish_non_exhaustive()
    }
}
