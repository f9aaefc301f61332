//! PostgreSQL's side of a unit of work.
//!
//! Until its first write a unit reads in autocommit: the version check of each save protects what it read. The first
//! write takes a session and says BEGIN. Each save stands in a savepoint, because on PostgreSQL a statement that fails
//! takes the transaction with it; savepoint, save and release travel together.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use futures_util::future::join3;
use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::Record;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::failure::Failure;
use super::finish::Finishing;
use super::holder::UnitId;
use super::row::Loading;
use super::session::Session;
use super::sessions::Loan;
use super::store::Postgres;
use super::table::Table;
use super::write::{Explained, Job, Refused, collect, event_types, explain, ignored, parameters, statement};
use super::{inbox, read, touch};
use crate::backend::{BulkTouch, Query};
use crate::error::{BackendError, Busy, CommitError, FindError, SaveError};
use crate::page::Selected;
use crate::save::{self, Change, Written};

const BEGIN_SAVE: &str = "SAVEPOINT timestamp_save";
const END_SAVE: &str = "RELEASE timestamp_save";
const UNDO_SAVE: &str = "ROLLBACK TO timestamp_save; RELEASE timestamp_save";

/// A unit of work on PostgreSQL.
pub struct PostgresUnit {
    transaction: Option<Transaction>,
    /// Why the unit can not go on, if so.
    ended: Option<Ended>,
    outcome: Arc<Outcome>,
    begun_at: &'static Location<'static>,
    store: Postgres,
}

/// An open transaction. Dropping it rolls back, and decides the outcome.
struct Transaction {
    /// Taken when the transaction has ended.
    session: Option<Loan>,
    /// Its number, by which it is known from one that other SQL has begun.
    number: String,
    unit: UnitId,
    /// The session was lent to the user since the transaction was last looked at.
    lent: bool,
    /// It was lent at all, so that its settings may be others.
    was_lent: bool,
    /// A call is at work, or was dropped half-way.
    at_work: bool,
    outcome: Arc<Outcome>,
    store: Postgres,
}

#[derive(Clone, Copy)]
enum Ended {
    /// By an error that took the whole transaction with it.
    RolledBack,
    /// By SQL of the user's own.
    Elsewhere { stored: bool },
    /// By us: a statement failed for a reason that has no outcome of its own.
    Poisoned,
    /// A call was dropped half-way.
    Interrupted,
}

impl PostgresUnit {
    pub(super) fn new(store: Postgres, outcome: Arc<Outcome>, begun_at: &'static Location<'static>) -> Self {
        Self { transaction: None, ended: None, outcome, begun_at, store }
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

    /// Notices a transaction that ended behind the unit's back. Then its outcome is known, and the unit is over.
    async fn check(&mut self) -> Result<(), BackendError> {
        if let Some(transaction) = &mut self.transaction {
            if transaction.at_work {
                self.end(Ended::Interrupted, OutcomeState::RolledBack);
            } else if transaction.lent
                && let Some((ended, outcome)) = transaction.look().await
            {
                self.end(ended, outcome);
            }
        }
        match self.ended {
            None => Ok(()),
            Some(ended) => Err(BackendError::new(match ended {
                Ended::RolledBack => {
                    "the unit of work is over: the database rolled its transaction back after an error"
                }
                Ended::Elsewhere { .. } => "the unit of work is over: other SQL ended its transaction",
                Ended::Poisoned => "the unit of work is over: an earlier statement failed",
                Ended::Interrupted => "the unit of work is over: an earlier call was dropped before it was done",
            })),
        }
    }

    /// Takes a session and begins the transaction, if that has not been done.
    async fn begin_writing(&mut self) -> Result<&mut Transaction, SaveError> {
        self.check().await.map_err(SaveError::Backend)?;
        if self.transaction.is_none() {
            // Boxed: connecting takes much room, and is done once.
            self.transaction = Some(Box::pin(Transaction::begin(&self.store, &self.outcome)).await?);
        }
        match &mut self.transaction {
            Some(transaction) => Ok(transaction),
            None => unreachable!("the transaction was begun above"),
        }
    }

    /// Ends the unit after an error that has no outcome of its own.
    fn settle_error(&mut self, error: SaveError) -> SaveError {
        if let Some(transaction) = &self.transaction
            && (matches!(error, SaveError::Backend(_)) || transaction.session().is_over())
        {
            self.end(Ended::Poisoned, OutcomeState::RolledBack);
        }
        error
    }

    fn unit(&self) -> Option<UnitId> {
        self.transaction.as_ref().map(|transaction| transaction.unit)
    }

    pub(super) async fn write<E: Record>(
        &mut self,
        table: &Arc<Table>,
        entity: &mut E,
        change: Change,
    ) -> Result<Written, SaveError> {
        super::write::read_only(&self.store)?;
        let (values, digest) = collect(table, entity, &change)?;
        let (store, begun_at, own) = (self.store.clone(), self.begun_at, self.unit());
        let key = (change.entity_type, change.entity_id.clone());
        let row = (key.0, &*key.1);
        store.holders().same_task(row, own)?;
        let job = Job { table: Arc::clone(table), change: Arc::new(change), values };
        let transaction = self.begin_writing().await?;
        transaction.at_work = true;
        let written = transaction.write(&job).await;
        transaction.at_work = false;
        if written.is_ok() {
            store.holders().hold(transaction.unit, begun_at, row);
        }
        let change = &*job.change;
        match written {
            Ok(Written::Now { .. }) => {
                save::in_flight(entity, change, &self.outcome, digest);
                Ok(Written::Now { digest })
            }
            Ok(Written::Before { version }) => {
                save::in_flight_before(entity, change, &self.outcome, version);
                Ok(Written::Before { version })
            }
            Err(error) => Err(self.settle_error(error)),
        }
    }

    pub(super) async fn touch_all<E: Record>(&mut self, table: &Table, touch: &BulkTouch) -> Result<u64, SaveError> {
        super::write::read_only(&self.store)?;
        let others = self.store.holders().of_type(E::ENTITY_TYPE, self.unit());
        let transaction = self.begin_writing().await?;
        transaction.at_work = true;
        let touched = transaction.touch(table, E::ENTITY_TYPE, touch, &others).await;
        transaction.at_work = false;
        touched.map_err(|error| self.settle_error(error))
    }

    pub(super) async fn accept(&mut self, consumer: &str, event_id: Uuid) -> Result<bool, SaveError> {
        super::write::read_only(&self.store)?;
        let now = self.store.clock().now();
        let transaction = self.begin_writing().await?;
        transaction.at_work = true;
        let accepted = inbox::accept(transaction.session(), consumer, event_id, now).await;
        transaction.at_work = false;
        accepted.map_err(|failure| {
            // Whatever it was, the transaction has failed with it.
            self.end(Ended::Poisoned, OutcomeState::RolledBack);
            failure.into_save_error(false)
        })
    }

    pub(super) async fn find<E: Record>(&mut self, table: &Table, id: &E::Id) -> Result<Option<E>, FindError> {
        self.check().await.map_err(FindError::Backend)?;
        let Some(id) = read::id_value::<E>(id) else { return Ok(None) };
        let Some(transaction) = &self.transaction else {
            return read::find(&*self.store.reader().await?, table, &id, self.store.loading()).await;
        };
        // Reading leaves nothing half done, so a caller may go away.
        read::find(transaction.session(), table, &id, transaction.loading()).await
    }

    pub(super) async fn select<E: Record>(&mut self, table: &Table, query: &Query) -> Result<Selected<E>, FindError> {
        self.check().await.map_err(FindError::Backend)?;
        let Some(transaction) = &mut self.transaction else {
            return read::select(&*self.store.reader().await?, table, query, self.store.loading()).await;
        };
        // SQL of the user's own stands in a savepoint.
        transaction.at_work = matches!(query, Query::Filter { .. });
        let found = transaction.select(table, query).await;
        transaction.at_work = false;
        found
    }

    pub(super) async fn connection(&mut self) -> Result<&Client, SaveError> {
        super::write::read_only(&self.store)?;
        let transaction = self.begin_writing().await?;
        transaction.lent = true;
        transaction.was_lent = true;
        Ok(transaction.session().client())
    }

    pub(super) async fn commit(mut self) -> Result<(), CommitError> {
        // What the check finds stands in `ended`.
        let _ = self.check().await;
        match self.ended {
            None => {}
            Some(Ended::Elsewhere { stored }) => return Err(CommitError::EndedElsewhere { stored }),
            Some(Ended::RolledBack | Ended::Poisoned | Ended::Interrupted) => return Err(CommitError::RolledBack),
        }
        match self.transaction.take() {
            // Whoever drops this future half-way leaves the commit to the runtime, and the outcome is decided.
            Some(transaction) => Finishing::new(transaction.commit()).await,
            None => Ok(()),
        }
    }
}

impl Transaction {
    async fn begin(store: &Postgres, outcome: &Arc<Outcome>) -> Result<Self, SaveError> {
        let session = store.writer().await?;
        session.begin_unit();
        // From here on a caller that goes away leaves a transaction to be rolled back.
        let mut transaction = Self {
            session: Some(session),
            number: String::new(),
            unit: store.holders().unit(),
            lent: false,
            was_lent: false,
            at_work: true,
            // Not the unit's: one that has not begun decides nothing, and the unit may try again.
            outcome: Outcome::in_flight(),
            store: store.clone(),
        };
        match transaction.session().ask("BEGIN; SELECT pg_current_xact_id()::text").await {
            Ok(Some(number)) => {
                transaction.number = number;
                transaction.at_work = false;
                transaction.outcome = Arc::clone(outcome);
                Ok(transaction)
            }
            Ok(None) => Err(SaveError::Backend(BackendError::new("the server gave its transaction no number"))),
            Err(failure) => Err(failure.into_save_error(false)),
        }
    }

    fn session(&self) -> &Session {
        match &self.session {
            Some(session) => session,
            None => unreachable!("the session is taken only when the transaction ends"),
        }
    }

    fn loading(&self) -> Loading<'_> {
        Loading { transaction: Some(&self.outcome), ..self.store.loading() }
    }

    /// Whether the transaction is still the one that was begun; if not, how it ended.
    async fn look(&mut self) -> Option<(Ended, OutcomeState)> {
        let session = self.session();
        let same = format!("SELECT coalesce(pg_current_xact_id_if_assigned() = '{}'::xid8, false)", self.number);
        match session.ask(&same).await {
            Ok(Some(same)) if same == "t" => {
                self.lent = false;
                None
            }
            Ok(_) => Some(self.ended_elsewhere().await),
            Err(_) => Some((Ended::RolledBack, OutcomeState::RolledBack)),
        }
    }

    /// What became of a transaction that is not open any more.
    async fn ended_elsewhere(&self) -> (Ended, OutcomeState) {
        let session = self.session();
        // Another one may be open, and must not be committed; it may also have failed already.
        let _ = session.batch("ROLLBACK").await;
        match session.ask(&format!("SELECT pg_xact_status('{}'::xid8)", self.number)).await {
            Ok(Some(status)) if status == "committed" => (Ended::Elsewhere { stored: true }, OutcomeState::Committed),
            Ok(Some(status)) if status == "aborted" => (Ended::Elsewhere { stored: false }, OutcomeState::RolledBack),
            // Prepared for a second phase, or the server can not be asked.
            _ => (Ended::Elsewhere { stored: false }, OutcomeState::Unknown),
        }
    }

    async fn write(&self, job: &Job) -> Result<Written, SaveError> {
        let Job { table, change, values } = job;
        let failed = |failure: Failure| failure.into_save_error(false);
        let session = self.session();
        let types = event_types(table, change);
        let mut first = true;
        loop {
            // A statement is prepared from tables that were checked; if that fails, so has the unit.
            let prepared = session.prepare(statement(table, change)).await.map_err(failed)?;
            let given = parameters(table, change, values, &types, self.store.clock().now());
            let (begun, written, ended) =
                join3(session.batch(BEGIN_SAVE), session.execute(&prepared, given), session.batch(END_SAVE)).await;
            begun.map_err(failed)?;
            let refused = match written {
                Ok(count) => {
                    ended.map_err(failed)?;
                    if count > 0 {
                        return Ok(Written::Now { digest: 0 });
                    }
                    Refused::NoRow
                }
                Err(failure) => {
                    if failure.refusal().is_some() {
                        session.batch(UNDO_SAVE).await.map_err(failed)?;
                    }
                    if failure.is_busy() {
                        let row = (change.entity_type, &*change.entity_id);
                        return Err(SaveError::Busy(self.store.holders().busy(row, Some(self.unit))));
                    }
                    Refused::Failed(failure)
                }
            };
            match explain(session, job, refused, false).await? {
                Explained::Before(version) => return Ok(Written::Before { version }),
                Explained::Again if first => first = false,
                Explained::Again => return Err(ignored(table)),
            }
        }
    }

    async fn touch(
        &self,
        table: &Table,
        entity_type: &str,
        touch: &BulkTouch,
        others: &Busy,
    ) -> Result<u64, SaveError> {
        let session = self.session();
        let failed = |failure: Failure| failure.into_save_error(false);
        session.batch(BEGIN_SAVE).await.map_err(failed)?;
        let touched = touch::touch_rows(session, table, entity_type, touch, self.store.clock().now(), others).await;
        let end = if touched.is_ok() { END_SAVE } else { UNDO_SAVE };
        if !session.is_over() {
            session.batch(end).await.map_err(failed)?;
        }
        touched
    }

    async fn select<E: Record>(&self, table: &Table, query: &Query) -> Result<Selected<E>, FindError> {
        let session = self.session();
        if !matches!(query, Query::Filter { .. }) {
            return read::select(session, table, query, self.loading()).await;
        }
        // SQL of the user's own may fail, and must not take the transaction with it.
        let failed = |failure: Failure| FindError::Backend(failure.into_backend());
        session.batch(BEGIN_SAVE).await.map_err(failed)?;
        let found = read::select(session, table, query, self.loading()).await;
        if !session.is_over() {
            session.batch(if found.is_ok() { END_SAVE } else { UNDO_SAVE }).await.map_err(failed)?;
        }
        found
    }

    async fn commit(mut self) -> Result<(), CommitError> {
        let (state, result) = self.end_by_commit().await;
        self.outcome.decide(state);
        self.store.holders().release(self.unit);
        if let Some(session) = self.session.take() {
            if result.is_err() || self.was_lent {
                give_back(session, self.was_lent).await;
            } else {
                session.end_unit();
            }
        }
        result
    }

    async fn end_by_commit(&self) -> (OutcomeState, Result<(), CommitError>) {
        let session = self.session();
        #[cfg(feature = "test-util")]
        if let Some(fault) = self.store.faults().take() {
            let _ = session
                .batch(match fault {
                    crate::testing::Fault::AnswerLost => "COMMIT",
                    crate::testing::Fault::CommitLost => "ROLLBACK",
                })
                .await;
            session.suspect();
            return (OutcomeState::Unknown, Err(CommitError::OutcomeUnknown));
        }
        // COMMIT of a transaction that has failed answers as if all were well. The SELECT before it does not, and then
        // the COMMIT is not reached.
        let Err(failure) = session.batch("SELECT; COMMIT").await else { return (OutcomeState::Committed, Ok(())) };
        let not_stored = |error| (OutcomeState::RolledBack, Err(error));
        if let Failure::Lost(_) = failure {
            return (OutcomeState::Unknown, Err(CommitError::OutcomeUnknown));
        }
        if failure.has_code(&SqlState::IN_FAILED_SQL_TRANSACTION) {
            return not_stored(CommitError::RolledBack);
        }
        not_stored(match failure.constraint() {
            Some(name) => CommitError::Constraint { name },
            None => CommitError::Backend(failure.into_backend()),
        })
    }
}

/// Leaves a session as the next one needs it: without a transaction, and with its own settings.
async fn give_back(session: Loan, was_lent: bool) {
    if session.is_over() {
        return;
    }
    let mut cleaned = session.batch("ROLLBACK").await;
    session.end_unit();
    if was_lent && cleaned.is_ok() {
        cleaned = session.reset().await;
    }
    if cleaned.is_err() {
        session.retire();
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // After a commit the outcome stands already, and only the first answer counts.
        self.outcome.decide(OutcomeState::RolledBack);
        self.store.holders().release(self.unit);
        let Some(session) = self.session.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(give_back(session, self.was_lent))),
            // The server rolls back when the connection is closed.
            Err(_) => session.retire(),
        }
    }
}

impl fmt::Debug for PostgresUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresUnit").field("begun_at", &self.begun_at).finish_non_exhaustive()
    }
}
