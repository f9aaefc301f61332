//! Many entities in one transaction: all of them or none.
//!
//! New entities that nobody has tried to store before are copied in, rows and events, straight from the caller's memory.
//! Everything else travels as single statements, many at a time. A copy that fails says nothing of which row was at fault,
//! so then it is done again as single statements, and the first that fails names its entity.

use std::sync::Arc;

use futures_util::future::join_all;
use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::Record;

use super::copy::{Copy, Rows};
use super::failure::Failure;
use super::finish::{Finishing, Undecided};
use super::session::Session;
use super::sessions::Loan;
use super::store::Postgres;
use super::table::Table;
use super::write::{Explained, Job, Refused, collect, event_types, explain, ignored, parameters, read_only, statement};
use crate::batch::{Entrusted, second_time};
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
    if entities.len() >= WORTH_A_COPY && matches!(copied(store, table, entities).await?, Copied::Stored) {
        return Ok(());
    }
    loop {
        let mut entrusted = Entrusted::new(&mut *entities);
        let prepared = prepare(&mut entrusted, store, table)?;
        if prepared.is_empty() {
            return Ok(());
        }
        let session = store.writer().await.map_err(whole)?;
        let outcome = entrusted.give();
        let ended = Finishing::new(write(store.clone(), session, prepared, outcome)).await;
        match ended {
            Ok(Ended::Stored) => {
                entrusted.conclude(None);
                return Ok(());
            }
            // Each round finds one more, so this ends.
            Ok(Ended::StoredBefore { index, change, version }) => {
                entrusted.withdraw();
                save::stored_before(&mut entities[index], &change, version);
            }
            Err(error) => {
                entrusted.conclude(Some(&error.error));
                return Err(error);
            }
        }
    }
}

/// A session with an open transaction. Dropped, it is closed, and the server rolls back: left in the pool, it would keep
/// its locks until somebody takes it.
struct Open(Option<Loan>);

impl Drop for Open {
    fn drop(&mut self) {
        drop(self.0.take().map(Loan::take));
    }
}

/// How a copy ended that no entity is to be blamed for.
enum Copied {
    Stored,
    /// Nothing was stored: not all entities are new, or the server did not take them like this.
    NotLikeThis,
}

/// Copies new entities and their events in.
async fn copied<E: Record>(store: &Postgres, table: &Table, entities: &mut [E]) -> Result<Copied, SaveAllError> {
    let mut entrusted = Entrusted::new(entities);
    // Begun by the first change, so that a batch in which nothing changed takes no session.
    let mut open = Open(None);
    let sent = send(&mut entrusted, store, table, &mut open).await;
    let Some(session) = open.0.take() else { return sent.map(|_| Copied::NotLikeThis) };
    let stored = match sent {
        Ok(true) => {
            let (store, outcome) = (store.clone(), entrusted.give());
            let committed = Finishing::new(async move {
                let undecided = Undecided(outcome);
                let ended = commit(&store, &session).await;
                undo_and_decide(&session, &ended, &undecided).await;
                ended
            })
            .await;
            entrusted.conclude(committed.as_ref().err().map(|error| &error.error));
            return committed.map(|_| Copied::Stored);
        }
        Ok(false) => Ok(Copied::NotLikeThis),
        Err(error) => Err(error),
    };
    if session.is_over() || session.batch("ROLLBACK").await.is_err() {
        session.retire();
    }
    stored
}

/// Sends rows and events in an open transaction. Returns whether all of them were taken.
async fn send<E: Record>(
    entrusted: &mut Entrusted<'_, E>,
    store: &Postgres,
    table: &Table,
    begun: &mut Open,
) -> Result<bool, SaveAllError> {
    let recorded_at = store.clock().now();
    let (mut rows, mut events, mut event_count) = (Rows::new(), Rows::new(), 0);
    let mut copy: Option<Copy> = None;
    for index in 0..entrusted.entities().len() {
        let at = |error| SaveAllError { index, error };
        let Some(change) = save::prepare(&mut entrusted.entities()[index], None).map_err(at)? else { continue };
        if !matches!(change.operation, Operation::Insert) || change.attempted {
            return Ok(false);
        }
        store.holders().same_task((change.entity_type, &change.entity_id), None).map_err(at)?;
        let digest = rows.add_row(table, entrusted.entity(index), &change).map_err(at)?;
        change.events.iter().for_each(|event| events.add_event(&change, event, recorded_at));
        event_count += change.events.len();
        entrusted.add(index, &change, digest);
        if rows.is_full() || copy.is_none() {
            let session = match &mut begun.0 {
                Some(session) => session,
                None => begun.0.insert(store.writer().await.map_err(at)?),
            };
            let sent = async {
                let open = match &mut copy {
                    Some(open) => open,
                    None => {
                        session.batch("BEGIN").await?;
                        copy.insert(Copy::of_rows(session, table).await?)
                    }
                };
                open.send(session, &mut rows).await
            };
            if sent.await.is_err() {
                return Ok(false);
            }
        }
    }
    let (Some(session), Some(copy)) = (&begun.0, copy) else { return Ok(false) };
    let taken = async {
        let row_count = copy.end(session, rows).await?;
        let mut copy = Copy::of_events(session).await?;
        copy.send(session, &mut events).await?;
        Ok::<_, Failure>((row_count, copy.end(session, events).await?))
    };
    // A trigger may have left some out.
    let expected = (entrusted.written() as u64, event_count as u64);
    Ok(taken.await.is_ok_and(|taken| taken == expected))
}

/// What is to be written of each entity, as single statements.
fn prepare<E: Record>(
    entrusted: &mut Entrusted<'_, E>,
    store: &Postgres,
    table: &Arc<Table>,
) -> Result<Vec<Prepared>, SaveAllError> {
    let mut all = Vec::with_capacity(entrusted.entities().len());
    for index in 0..entrusted.entities().len() {
        let prepared = prepare_one(entrusted, index, store, table).map_err(|error| SaveAllError { index, error })?;
        all.extend(prepared);
    }
    Ok(all)
}

fn prepare_one<E: Record>(
    entrusted: &mut Entrusted<'_, E>,
    index: usize,
    store: &Postgres,
    table: &Arc<Table>,
) -> Result<Option<Prepared>, SaveError> {
    let Some(change) = save::prepare(&mut entrusted.entities()[index], None)? else { return Ok(None) };
    store.holders().same_task((change.entity_type, &change.entity_id), None)?;
    let (values, digest) = collect(table, entrusted.entity(index), &change)?;
    entrusted.add(index, &change, digest);
    let types = event_types(table, &change);
    let job = Job { table: Arc::clone(table), change: Arc::new(change), values };
    Ok(Some(Prepared { index, job, types }))
}

/// Writes the batch and decides its outcome.
async fn write(
    store: Postgres,
    session: Loan,
    prepared: Vec<Prepared>,
    outcome: Arc<Outcome>,
) -> Result<Ended, SaveAllError> {
    let undecided = Undecided(outcome);
    let ended = one_by_one(&store, &session, &prepared).await;
    undo_and_decide(&session, &ended, &undecided).await;
    ended
}

/// Ends a batch: whatever was left open, the next one must not find it.
async fn undo_and_decide(session: &Session, ended: &Result<Ended, SaveAllError>, undecided: &Undecided) {
    if !session.is_over() && ended.is_err() && session.batch("ROLLBACK").await.is_err() {
        session.retire();
    }
    undecided.decide(match ended {
        Ok(Ended::Stored) => OutcomeState::Committed,
        Err(SaveAllError { error: SaveError::OutcomeUnknown, .. }) => OutcomeState::Unknown,
        Ok(Ended::StoredBefore { .. }) | Err(_) => OutcomeState::RolledBack,
    });
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
