//! Many entities in one transaction: all of them or none.
//!
//! The caller's thread prepares entities and copies their columns, the thread that writes writes them, and both work at
//! the same time: what is prepared goes over in chunks, and the last word, commit or not, is the caller's.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use timestamp_core::__private::{self as core, Outcome, OutcomeState};
use timestamp_core::{Record, Value};
use uuid::Uuid;

use super::exclusive::Queued;
use super::failure;
use super::row::Collector;
use super::store::Sqlite;
use super::table::Table;
use super::write::{Values, apply, explain};
use super::writer::{CommitFailure, Writer};
use crate::error::{SaveAllError, SaveError};
use crate::save::{self, Change, Operation};

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
        match Batch::new(store, table, entities).run().await? {
            Ended::Stored => return Ok(()),
            // Each round finds one more, so this ends.
            Ended::StoredBefore(prepared, version) => {
                save::stored_before(&mut entities[prepared.index], &prepared.change, version);
            }
            Ended::Abandoned => unreachable!("a batch that was prepared says `commit`"),
        }
    }
}

struct Batch<'a, E: Record> {
    store: &'a Sqlite,
    table: &'a Arc<Table>,
    entrusted: Entrusted<'a, E>,
    chunk: Vec<Prepared>,
    pages: u64,
    /// Opened by the first chunk, so that a batch in which nothing changed takes no lock.
    way: Option<Way>,
}

impl<'a, E: Record> Batch<'a, E> {
    fn new(store: &'a Sqlite, table: &'a Arc<Table>, entities: &'a mut [E]) -> Self {
        let (outcome, count) = (Outcome::in_flight(), entities.len());
        let entrusted =
            Entrusted { entities, parts: Vec::with_capacity(count), ids: Vec::new(), outcome, given: false };
        Self { store, table, entrusted, chunk: Vec::new(), pages: 0, way: None }
    }

    async fn run(mut self) -> Result<Ended, SaveAllError> {
        for index in 0..self.entrusted.entities.len() {
            self.prepare(index).map_err(|error| SaveAllError { index, error })?;
        }
        self.send_chunk().map_err(|error| SaveAllError { index: 0, error })?;
        let Some((messages, queued)) = self.way.take() else { return Ok(Ended::Stored) };
        self.entrusted.given = true;
        let _ = messages.send(Message::Commit);
        drop(messages);
        let ended = queued.wait(self.store).await;
        let ended = ended.unwrap_or_else(|error| Err(SaveAllError { index: 0, error }));
        self.store.checkpoints().note(self.pages);
        self.entrusted.conclude(&ended);
        ended
    }

    fn prepare(&mut self, index: usize) -> Result<(), SaveError> {
        let entity = &mut self.entrusted.entities[index];
        let Some(change) = save::prepare(entity, None)? else { return Ok(()) };
        let mut columns = Collector::of::<E>();
        entity.encode(&mut columns).map_err(|error| save::invalid_column::<E>(&error))?;
        self.entrusted.add(index, &change, columns.digest());
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
            None => self.way.insert(open_way(self.store, self.table, &self.entrusted.outcome)?),
        };
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        // If the other side has given up already, it has said why, and nobody needs the rest.
        let _ = messages.send(Message::Chunk(chunk));
        Ok(())
    }
}

/// Entities whose changes are in other hands; see [`save::Entrusted`].
struct Entrusted<'e, E: Record> {
    entities: &'e mut [E],
    parts: Vec<Part>,
    /// Of all events, in the order of the parts.
    ids: Vec<Uuid>,
    outcome: Arc<Outcome>,
    /// The word "commit" was given, and the answer is not there yet.
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
    fn add(&mut self, index: usize, change: &Change, digest: u32) {
        self.ids.extend(change.events.iter().map(|event| event.id));
        let (stored_version, events) = (change.stored_version, change.events.len());
        self.parts.push(Part { index, stored_version, events, digest });
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
            Ok(Ended::StoredBefore(..) | Ended::Abandoned) | Err(_) => {}
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

/// To the thread that writes, and its answer.
type Way = (Sender<Message>, Queued<Result<Ended, SaveAllError>>);

fn open_way(store: &Sqlite, table: &Arc<Table>, outcome: &Arc<Outcome>) -> Result<Way, SaveError> {
    let (messages, received) = channel();
    let (table, timeout) = (Arc::clone(table), store.busy_timeout());
    let undecided = Undecided(Arc::clone(outcome));
    let queued = store.queue_exclusive(move |writer| {
        let ended = write(writer, &table, &received, timeout);
        undecided.0.decide(match &ended {
            Ok(Ended::Stored) => OutcomeState::Committed,
            Err(SaveAllError { error: SaveError::OutcomeUnknown, .. }) => OutcomeState::Unknown,
            Ok(Ended::StoredBefore(..) | Ended::Abandoned) | Err(_) => OutcomeState::RolledBack,
        });
        Ok(ended)
    })?;
    Ok((messages, queued))
}

/// An outcome that is "not stored" unless somebody decides otherwise first: the work never began, or panicked.
struct Undecided(Arc<Outcome>);

impl Drop for Undecided {
    fn drop(&mut self) {
        self.0.decide(OutcomeState::RolledBack);
    }
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

fn write(
    writer: &Writer,
    table: &Table,
    received: &Receiver<Message>,
    timeout: Duration,
) -> Result<Ended, SaveAllError> {
    writer.begin_waiting(timeout).map_err(|error| SaveAllError { index: 0, error })?;
    let recorded_at = writer.clock().now();
    let mut written = Vec::new();
    loop {
        match received.recv() {
            Ok(Message::Chunk(chunk)) => {
                for prepared in chunk {
                    let columns = Values(&prepared.values);
                    let applied = apply(writer.connection(), table, &prepared.change, &columns, recorded_at);
                    let Err(refused) = applied else {
                        written.push(prepared.change.entity_id);
                        continue;
                    };
                    writer.rollback();
                    let explained = explain(writer.connection(), table, &prepared.change, &columns, refused);
                    return match explained {
                        Ok(version) => Ok(Ended::StoredBefore(Box::new(prepared), version)),
                        Err(error) => {
                            let again = written.contains(&prepared.change.entity_id);
                            let error = if again { second_time(&prepared.change, error) } else { error };
                            Err(SaveAllError { index: prepared.index, error })
                        }
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
