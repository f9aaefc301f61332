//! Many entities in one transaction: all of them or none.
//!
//! The caller's thread prepares entities and copies their columns, the thread that writes writes them, and both work at
//! the same time: what is prepared goes over in chunks, and the last word, commit or not, is the caller's.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use timestamp_core::__private::{self as core, Outcome, OutcomeState};
use timestamp_core::{Record, Value};

use super::failure;
use super::row::Collector;
use super::store::{Queued, Sqlite};
use super::table::Table;
use super::write::{Values, apply, explain};
use super::writer::{CommitFailure, Writer};
use crate::error::{SaveAllError, SaveError};
use crate::save::{self, Change};

/// Entities per chunk: few enough to stay in the processor's cache on their way, enough to make the way worth it.
const CHUNK: usize = 64;

/// An entity's place in the batch, and what is to be written of it.
struct Prepared {
    index: usize,
    change: Change,
    values: Vec<Value<'static>>,
}

enum Message {
    Chunk(Vec<Prepared>),
    /// Everything was prepared. Without this word, nothing is stored.
    Commit,
}

/// How a batch ended that nothing is wrong with.
enum Ended {
    Stored,
    /// Rolled back: an earlier attempt of one entity, whose outcome was unknown, turned out to be stored up to a version.
    StoredBefore(Box<Prepared>, u64),
    /// Rolled back: the caller did not say "commit".
    Abandoned,
}

pub(super) async fn save_all<E: Record>(
    store: &Sqlite,
    table: &Arc<Table>,
    entities: &mut [E],
) -> Result<(), SaveAllError> {
    store.write_side().map_err(|error| SaveAllError { index: 0, error })?;
    loop {
        let mut batch = Batch { store, table, outcome: Outcome::in_flight(), chunk: Vec::new(), pages: 0, way: None };
        let ended = batch.run(entities).await;
        for entity in &mut *entities {
            core::settle(entity);
        }
        match ended? {
            Ended::Stored => return Ok(()),
            // Each round finds one more, so this ends.
            Ended::StoredBefore(prepared, version) => {
                save::stored_before(&mut entities[prepared.index], &prepared.change, version);
            }
            Ended::Abandoned => {
                let error = SaveError::OutcomeUnknown;
                debug_assert!(false, "a batch that was prepared says `commit`");
                return Err(SaveAllError { index: 0, error });
            }
        }
    }
}

struct Batch<'a> {
    store: &'a Sqlite,
    table: &'a Arc<Table>,
    outcome: Arc<Outcome>,
    chunk: Vec<Prepared>,
    pages: u64,
    /// Opened by the first chunk, so that a batch in which nothing changed takes no lock.
    way: Option<Way>,
}

impl Batch<'_> {
    async fn run<E: Record>(&mut self, entities: &mut [E]) -> Result<Ended, SaveAllError> {
        // Whatever happens from here on (a refusal, a dropped future, a panic), the entities will be told.
        let undecided = Undecided::new(&self.outcome);
        for (index, entity) in entities.iter_mut().enumerate() {
            self.prepare(index, entity).map_err(|error| SaveAllError { index, error })?;
        }
        self.send_chunk().map_err(|error| SaveAllError { index: 0, error })?;
        let Some((messages, queued)) = self.way.take() else { return Ok(Ended::Stored) };
        let _ = messages.send(Message::Commit);
        drop(messages);
        undecided.leave_to_other_side();
        let ended = queued.wait(self.store).await.unwrap_or_else(|error| {
            let unknown = matches!(error, SaveError::OutcomeUnknown);
            self.outcome.decide(if unknown { OutcomeState::Unknown } else { OutcomeState::RolledBack });
            Err(SaveAllError { index: 0, error })
        });
        self.store.checkpoints().note(self.pages);
        ended
    }

    fn prepare<E: Record>(&mut self, index: usize, entity: &mut E) -> Result<(), SaveError> {
        let Some(change) = save::prepare(entity, None)? else { return Ok(()) };
        let mut columns = Collector::of::<E>();
        entity.encode(&mut columns).map_err(|error| save::invalid_column::<E>(&error))?;
        save::in_flight(entity, &change, &self.outcome, columns.digest());
        self.pages += change.pages();
        self.chunk.push(Prepared { index, change, values: columns.values });
        if self.chunk.len() == CHUNK { self.send_chunk() } else { Ok(()) }
    }

    fn send_chunk(&mut self) -> Result<(), SaveError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let (messages, _) = match &mut self.way {
            Some(way) => way,
            None => self.way.insert(open_way(self.store, self.table, &self.outcome)?),
        };
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        // If the other side has given up already, it has said why, and nobody needs the rest.
        let _ = messages.send(Message::Chunk(chunk));
        Ok(())
    }
}

/// To the thread that writes, and its answer.
type Way = (Sender<Message>, Queued<Result<Ended, SaveAllError>>);

fn open_way(store: &Sqlite, table: &Arc<Table>, outcome: &Arc<Outcome>) -> Result<Way, SaveError> {
    let (messages, received) = channel();
    let (table, timeout) = (Arc::clone(table), store.busy_timeout());
    let undecided = Undecided::new(outcome);
    let queued = store.queue_exclusive(move |writer| {
        let ended = write(writer, &table, &received, timeout);
        undecided.decide(match &ended {
            Ok(Ended::Stored) => OutcomeState::Committed,
            Err(SaveAllError { error: SaveError::OutcomeUnknown, .. }) => OutcomeState::Unknown,
            Ok(Ended::StoredBefore(..) | Ended::Abandoned) | Err(_) => OutcomeState::RolledBack,
        });
        Ok(ended)
    })?;
    Ok((messages, queued))
}

/// An outcome that is "not stored" unless somebody decides otherwise first.
struct Undecided(Option<Arc<Outcome>>);

impl Undecided {
    fn new(outcome: &Arc<Outcome>) -> Self {
        Self(Some(Arc::clone(outcome)))
    }

    fn decide(&self, state: OutcomeState) {
        if let Some(outcome) = &self.0 {
            outcome.decide(state);
        }
    }

    fn leave_to_other_side(mut self) {
        self.0 = None;
    }
}

impl Drop for Undecided {
    fn drop(&mut self) {
        self.decide(OutcomeState::RolledBack);
    }
}

fn write(
    writer: &Writer,
    table: &Table,
    received: &Receiver<Message>,
    timeout: Duration,
) -> Result<Ended, SaveAllError> {
    writer.begin_waiting(timeout).map_err(|error| SaveAllError { index: 0, error })?;
    let recorded_at = writer.clock().now();
    loop {
        match received.recv() {
            Ok(Message::Chunk(chunk)) => {
                for prepared in chunk {
                    let columns = Values(&prepared.values);
                    let applied = apply(writer.connection(), table, &prepared.change, &columns, recorded_at);
                    let Err(refused) = applied else { continue };
                    writer.rollback();
                    let explained = explain(writer.connection(), table, &prepared.change, &columns, refused);
                    return match explained {
                        Ok(version) => Ok(Ended::StoredBefore(Box::new(prepared), version)),
                        Err(error) => Err(SaveAllError { index: prepared.index, error }),
                    };
                }
            }
            Ok(Message::Commit) => break,
            Err(_) => {
                writer.rollback();
                return Ok(Ended::Abandoned);
            }
        }
    }
    match writer.commit() {
        Ok(()) => Ok(Ended::Stored),
        Err(CommitFailure::Unknown) => Err(SaveAllError { index: 0, error: SaveError::OutcomeUnknown }),
        Err(CommitFailure::NotStored(error)) => Err(SaveAllError { index: 0, error: failure::save_error(error) }),
    }
}
