//! Many entities in one transaction: all of them or none.
//!
//! New entities that nobody has tried to store before are copied in, rows and events; everything else travels as single
//! statements, many at a time. A copy that fails says nothing of which row was at fault, so then it is done again as
//! single statements, and the first that fails names its entity.

use std::sync::Arc;

use futures_util::future::join_all;
use timestamp_core::__private::{self as core, Outcome, OutcomeState};
use timestamp_core::{EpochMs, Record};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::failure::Failure;
use super::finish::{Finishing, Undecided};
use super::row::Parameter;
use super::session::Session;
use super::sessions::Loan;
use super::store::Postgres;
use super::table::{EVENT_COLUMNS, Table};
use super::write::{
    EVENT_TYPES, Explained, Job, Refused, collect, event_types, event_values, explain, ignored, integer, parameters,
    read_only, statement,
};
use crate::error::{SaveAllError, SaveError};
use crate::save::{self, Change, Operation};

/// Statements on their way at a time. Beyond this many, the order in which they set out is not the order in which they
/// were made.
const PIPELINED: usize = 30;

/// Fewer entities than this are not worth a copy.
const WORTH_A_COPY: usize = 4;

/// An entity's place in the batch, and what is to be written of it.
struct Prepared {
    index: usize,
    job: Job,
    types: Vec<String>,
}

/// How a batch ended that nothing is wrong with.
enum Ended {
    Stored,
    /// Rolled back: an earlier attempt of one entity, whose outcome was unknown, turned out to be stored up to a version.
    StoredBefore {
        index: usize,
        change: Arc<Change>,
        version: u64,
    },
}

pub(super) async fn save_all<E: Record>(
    store: &Postgres,
    table: &Arc<Table>,
    entities: &mut [E],
) -> Result<(), SaveAllError> {
    let whole = |error| SaveAllError { index: 0, error };
    read_only(store).map_err(whole)?;
    loop {
        let outcome = Outcome::in_flight();
        let mut entrusted =
            Entrusted { entities: &mut *entities, parts: Vec::new(), ids: Vec::new(), outcome, given: false };
        let prepared = entrusted.prepare(store, table)?;
        if prepared.is_empty() {
            return Ok(());
        }
        let session = store.writer().await.map_err(whole)?;
        entrusted.given = true;
        let outcome = Arc::clone(&entrusted.outcome);
        let ended = Finishing::new(write(store.clone(), session, Arc::clone(table), prepared, outcome)).await;
        entrusted.conclude(&ended);
        drop(entrusted);
        match ended? {
            Ended::Stored => return Ok(()),
            // Each round finds one more, so this ends.
            Ended::StoredBefore { index, change, version } => {
                save::stored_before(&mut entities[index], &change, version);
            }
        }
    }
}

/// Entities whose changes are in other hands; see [`save::Entrusted`].
struct Entrusted<'e, E: Record> {
    entities: &'e mut [E],
    parts: Vec<Part>,
    /// Of all events, in the order of the parts.
    ids: Vec<Uuid>,
    outcome: Arc<Outcome>,
    /// The work was begun, and the answer is not there yet.
    given: bool,
}

/// What an entity needs to know if its caller goes away.
struct Part {
    index: usize,
    stored_version: u64,
    events: usize,
    digest: u32,
}

impl<E: Record> Entrusted<'_, E> {
    fn prepare(&mut self, store: &Postgres, table: &Arc<Table>) -> Result<Vec<Prepared>, SaveAllError> {
        let mut all = Vec::with_capacity(self.entities.len());
        for index in 0..self.entities.len() {
            let prepared = self.prepare_one(index, store, table).map_err(|error| SaveAllError { index, error })?;
            all.extend(prepared);
        }
        Ok(all)
    }

    fn prepare_one(
        &mut self,
        index: usize,
        store: &Postgres,
        table: &Arc<Table>,
    ) -> Result<Option<Prepared>, SaveError> {
        let entity = &mut self.entities[index];
        let Some(change) = save::prepare(entity, None)? else { return Ok(None) };
        store.holders().same_task((change.entity_type, &change.entity_id), None)?;
        let (values, digest) = collect(table, entity, &change)?;
        self.ids.extend(change.events.iter().map(|event| event.id));
        self.parts.push(Part { index, stored_version: change.stored_version, events: change.events.len(), digest });
        let types = event_types(&change);
        let job = Job { table: Arc::clone(table), change: Arc::new(change), values };
        Ok(Some(Prepared { index, job, types }))
    }

    fn conclude(&mut self, ended: &Result<Ended, SaveAllError>) {
        self.given = false;
        match ended {
            Ok(Ended::Stored) => {
                for part in &self.parts {
                    core::mark_stored(&mut self.entities[part.index], part.digest);
                }
            }
            Err(SaveAllError { error: SaveError::OutcomeUnknown, .. }) => {
                self.outcome.decide(OutcomeState::Unknown);
                self.put_in_flight();
                self.entities.iter_mut().for_each(core::settle);
            }
            Ok(Ended::StoredBefore { .. }) | Err(_) => {}
        }
    }

    fn put_in_flight(&mut self) {
        let mut ids = &*self.ids;
        for part in &self.parts {
            let (own, rest) = ids.split_at(part.events);
            ids = rest;
            let entity = &mut self.entities[part.index];
            core::remember_ids(entity, part.stored_version, own);
            core::begin_flight(entity, &self.outcome, part.digest, None);
        }
    }
}

impl<E: Record> Drop for Entrusted<'_, E> {
    fn drop(&mut self) {
        if self.given {
            self.put_in_flight();
        }
    }
}

/// Writes the batch and decides its outcome.
async fn write(
    store: Postgres,
    session: Loan,
    table: Arc<Table>,
    prepared: Vec<Prepared>,
    outcome: Arc<Outcome>,
) -> Result<Ended, SaveAllError> {
    let undecided = Undecided(outcome);
    let mut ended = None;
    let new =
        prepared.iter().all(|it| matches!(it.job.change.operation, Operation::Insert) && !it.job.change.attempted);
    if new && prepared.len() >= WORTH_A_COPY {
        ended = copied(&store, &session, &table, &prepared).await;
    }
    let ended = match ended {
        Some(ended) => ended,
        None => one_by_one(&store, &session, &prepared).await,
    };
    // Whatever was left open, the next one must not find it.
    if !session.is_over() && ended.is_err() && session.batch("ROLLBACK").await.is_err() {
        session.retire();
    }
    undecided.decide(match &ended {
        Ok(Ended::Stored) => OutcomeState::Committed,
        Err(SaveAllError { error: SaveError::OutcomeUnknown, .. }) => OutcomeState::Unknown,
        Ok(Ended::StoredBefore { .. }) | Err(_) => OutcomeState::RolledBack,
    });
    ended
}

/// Copies new rows and their events in. `None`, with nothing left open, if that can not be done.
async fn copied(
    store: &Postgres,
    session: &Session,
    table: &Table,
    prepared: &[Prepared],
) -> Option<Result<Ended, SaveAllError>> {
    session.batch("BEGIN").await.ok()?;
    let events: usize = prepared.iter().map(|it| it.job.change.events.len()).sum();
    let recorded_at = store.clock().now();
    let (rows_in, events_in) = copy(session, table, prepared, recorded_at).await.unwrap_or_default();
    // A trigger may have left some out.
    if rows_in != prepared.len() as u64 || events_in != events as u64 {
        if session.batch("ROLLBACK").await.is_err() {
            session.retire();
        }
        return None;
    }
    Some(commit(store, session).await)
}

async fn copy(
    session: &Session,
    table: &Table,
    prepared: &[Prepared],
    recorded_at: EpochMs,
) -> Result<(u64, u64), Failure> {
    let stamps = |change: &Change| {
        let version = Parameter::Integer(integer(change.version));
        [Parameter::Time(change.created_at), Parameter::Time(change.updated_at), version]
    };
    let rows = prepared.iter().map(|it| {
        let mut row: Vec<Parameter<'_>> = it.job.values.iter().map(Parameter::Value).collect();
        row.extend(stamps(&it.job.change));
        row
    });
    let rows_in = session.copy(&table.copy, &table.wire_types(), rows).await?;
    let mut events = Vec::with_capacity(prepared.len());
    for Prepared { job, types, .. } in prepared {
        for (event, name) in job.change.events.iter().zip(types) {
            events.push(Vec::from(event_values(&job.change, event, name, recorded_at)));
        }
    }
    let sql = format!("COPY timestamp_outbox ({EVENT_COLUMNS}) FROM STDIN (FORMAT binary)");
    let types: &[Type] = &EVENT_TYPES;
    let events_in = session.copy(&sql, types, events.into_iter()).await?;
    Ok((rows_in, events_in))
}

/// Writes each entity with its own statement.
async fn one_by_one(store: &Postgres, session: &Session, prepared: &[Prepared]) -> Result<Ended, SaveAllError> {
    let whole = |failure: Failure| SaveAllError { index: 0, error: failure.into_save_error(false) };
    session.batch("BEGIN").await.map_err(whole)?;
    for (number, chunk) in prepared.chunks(PIPELINED).enumerate() {
        let answers = write_chunk(store, session, chunk).await.map_err(whole)?;
        let refused = answers.into_iter().zip(chunk).find_map(|(answer, prepared)| match answer {
            Ok(0) => Some((Refused::NoRow, prepared)),
            Ok(_) => None,
            Err(failure) => Some((Refused::Failed(failure), prepared)),
        });
        if let Some((refused, at_fault)) = refused {
            let written = &prepared[..number * PIPELINED + chunk.len()];
            return refuse(store, session, written, at_fault, refused).await;
        }
    }
    commit(store, session).await
}

async fn write_chunk(
    store: &Postgres,
    session: &Session,
    chunk: &[Prepared],
) -> Result<Vec<Result<u64, Failure>>, Failure> {
    let recorded_at = store.clock().now();
    let mut statements = Vec::with_capacity(chunk.len());
    for Prepared { job, .. } in chunk {
        statements.push(session.prepare(statement(&job.table, &job.change)).await?);
    }
    let all = chunk.iter().zip(&statements).map(|(Prepared { job, types, .. }, statement)| {
        session.execute(statement, parameters(&job.table, &job.change, &job.values, types, recorded_at))
    });
    Ok(join_all(all).await)
}

/// Undoes the batch, and says what was wrong with the entity at fault.
async fn refuse(
    store: &Postgres,
    session: &Session,
    written: &[Prepared],
    at_fault: &Prepared,
    refused: Refused,
) -> Result<Ended, SaveAllError> {
    let Prepared { index, job, .. } = at_fault;
    let failed = |error| SaveAllError { index: *index, error };
    let row = (job.change.entity_type, &*job.change.entity_id);
    if !session.is_over() {
        session.batch("ROLLBACK").await.map_err(|failure| failed(failure.into_save_error(false)))?;
    }
    if matches!(&refused, Refused::Failed(failure) if failure.is_busy()) {
        return Err(failed(SaveError::Busy(store.holders().busy(row, None))));
    }
    let error = match explain(session, job, refused, false).await {
        Ok(Explained::Before(version)) => {
            return Ok(Ended::StoredBefore { index: *index, change: Arc::clone(&job.change), version });
        }
        Ok(Explained::Again) => ignored(&job.table),
        Err(error) => error,
    };
    let again = written.iter().any(|it| it.index < *index && it.job.change.entity_id == job.change.entity_id);
    Err(failed(if again { second_time(&job.change, error) } else { error }))
}

/// The outcome of an entity that stands in the batch twice. What stood in the way of the second one was the first one's
/// write, which is undone by now, so only a constraint was left to blame.
fn second_time(change: &Change, error: SaveError) -> SaveError {
    match (error, &change.operation) {
        (SaveError::Constraint { .. }, Operation::Insert) => SaveError::AlreadyExists,
        (SaveError::Constraint { .. }, Operation::Update | Operation::Delete(_)) => SaveError::Conflict,
        (other, _) => other,
    }
}

/// Commits the open transaction of a batch or a bulk touch.
async fn commit(store: &Postgres, session: &Session) -> Result<Ended, SaveAllError> {
    let committed = commit_transaction(store, session).await;
    committed.map(|()| Ended::Stored).map_err(|error| SaveAllError { index: 0, error })
}

pub(super) async fn commit_transaction(store: &Postgres, session: &Session) -> Result<(), SaveError> {
    #[cfg(feature = "test-util")]
    if let Some(fault) = store.faults().take() {
        let end = match fault {
            crate::testing::Fault::AnswerLost => "COMMIT",
            crate::testing::Fault::CommitLost => "ROLLBACK",
        };
        let _ = session.batch(end).await;
        session.suspect();
        return Err(SaveError::OutcomeUnknown);
    }
    #[cfg(not(feature = "test-util"))]
    let _ = store;
    // The first statement fails where the transaction has, and then the COMMIT, which would not say so, is not reached.
    session.batch("SELECT; COMMIT").await.map_err(|failure| failure.into_save_error(true))
}

/// Rolls a bulk touch back, or commits it.
pub(super) async fn end_touch(
    store: &Postgres,
    session: &Session,
    touched: Result<u64, SaveError>,
) -> Result<u64, SaveError> {
    let ended = match touched {
        Ok(count) => commit_transaction(store, session).await.map(|()| count),
        Err(error) => Err(error),
    };
    if ended.is_err() && !session.is_over() && session.batch("ROLLBACK").await.is_err() {
        session.retire();
    }
    ended
}
