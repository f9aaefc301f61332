//! Many entities in one transaction: all of them or none.
//!
//! The rows are written here and now, from the entities themselves: copying them for another thread would cost half as
//! much again. After every few, other tasks of the executor get their turn.

use std::sync::Arc;

use timestamp_core::__private::{self as core, Outcome, OutcomeState};
use timestamp_core::Record;
use uuid::Uuid;

use super::options::Durability;
use super::store::Sqlite;
use super::table::Table;
use super::unit::Transaction;
use super::write::{Fields, apply, explain};
use crate::error::{BackendError, CommitError, SaveAllError, SaveError};
use crate::save::{self, Change, Operation};

/// Entities that are written between two turns of other tasks: less than a millisecond.
const TURN: usize = 64;

/// An entity of which an earlier attempt turned out to be stored up to a version; nothing of the batch was.
struct StoredBefore {
    index: usize,
    change: Change,
    version: u64,
}

pub(super) async fn save_all<E: Record>(
    store: &Sqlite,
    table: &Arc<Table>,
    entities: &mut [E],
) -> Result<(), SaveAllError> {
    store.write_side().map_err(|error| SaveAllError { index: 0, error })?;
    // Each round finds one more, so this ends.
    while let Some(StoredBefore { index, change, version }) = write_all(store, table, entities).await? {
        save::stored_before(&mut entities[index], &change, version);
    }
    Ok(())
}

async fn write_all<E: Record>(
    store: &Sqlite,
    table: &Table,
    entities: &mut [E],
) -> Result<Option<StoredBefore>, SaveAllError> {
    let (outcome, count) = (Outcome::in_flight(), entities.len());
    let parts = Vec::with_capacity(count);
    let mut entrusted = Entrusted { entities, parts, ids: Vec::new(), outcome, given: false };
    // Begun by the first change, so that a batch in which nothing changed takes no lock.
    let mut transaction: Option<Transaction> = None;
    for index in 0..count {
        let at = |error| SaveAllError { index, error };
        let Some(change) = save::prepare(&mut entrusted.entities[index], None).map_err(at)? else { continue };
        let open = match &mut transaction {
            Some(open) => open,
            None => transaction.insert(Transaction::begin(store, &entrusted.outcome, None).await.map_err(at)?),
        };
        if let Some(stored_before) = entrusted.write(index, change, open, table)? {
            return Ok(Some(stored_before));
        }
        if entrusted.parts.len().is_multiple_of(TURN) {
            tokio::task::yield_now().await;
        }
    }
    let Some(transaction) = transaction else { return Ok(None) };
    entrusted.given = true;
    let committed = match store.durability() {
        Durability::Normal => transaction.commit(),
        // As for a unit of work: a sync must not block an executor, and a dropped future leaves nothing half done.
        Durability::Full => {
            let committed = tokio::task::spawn_blocking(move || transaction.commit()).await;
            committed.unwrap_or(Err(CommitError::OutcomeUnknown))
        }
    };
    let committed = committed.map_err(not_committed);
    entrusted.conclude(&committed);
    match committed {
        Ok(()) => Ok(None),
        Err(error) => Err(SaveAllError { index: 0, error }),
    }
}

fn not_committed(error: CommitError) -> SaveError {
    match error {
        CommitError::Constraint { name } => SaveError::Constraint { name },
        CommitError::OutcomeUnknown => SaveError::OutcomeUnknown,
        CommitError::Backend(error) => SaveError::Backend(error),
        CommitError::RolledBack | CommitError::EndedElsewhere { .. } => {
            SaveError::Backend(BackendError::because("the batch was not committed", error))
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
    /// COMMIT was said, and the answer is not there yet.
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
    /// Writes one entity. If it is refused, nothing is left of the whole batch.
    fn write(
        &mut self,
        index: usize,
        change: Change,
        open: &mut Transaction,
        table: &Table,
    ) -> Result<Option<StoredBefore>, SaveAllError> {
        let columns = Fields(&self.entities[index]);
        match apply(open.writer().connection(), table, &change, &columns, open.recorded_at()) {
            Ok(digest) => {
                open.note(change.pages());
                self.add(index, &change, digest);
                Ok(None)
            }
            Err(refused) => {
                open.writer().rollback();
                match explain(open.writer().connection(), table, &change, &columns, refused) {
                    Ok(version) => Ok(Some(StoredBefore { index, change, version })),
                    Err(error) => Err(SaveAllError { index, error: self.second_time(index, &change, error) }),
                }
            }
        }
    }

    fn add(&mut self, index: usize, change: &Change, digest: u32) {
        self.ids.extend(change.events.iter().map(|event| event.id));
        let (stored_version, events) = (change.stored_version, change.events.len());
        self.parts.push(Part { index, stored_version, events, digest });
    }

    fn conclude(mut self, committed: &Result<(), SaveError>) {
        self.given = false;
        match committed {
            Ok(()) => {
                for part in &self.parts {
                    core::mark_stored(&mut self.entities[part.index], part.digest);
                }
            }
            Err(SaveError::OutcomeUnknown) => {
                self.outcome.decide(OutcomeState::Unknown);
                self.put_in_flight();
                self.entities.iter_mut().for_each(core::settle);
            }
            // Not stored: the events are pending, as they were.
            Err(_) => {}
        }
    }

    /// The outcome of an entity that may stand in the batch twice. What stood in the way of the second one was the first
    /// one's write, which is undone by now, so only a constraint was left to blame.
    fn second_time(&self, index: usize, change: &Change, error: SaveError) -> SaveError {
        let id = self.entities[index].id();
        let again = self.parts.iter().any(|part| self.entities[part.index].id() == id);
        match (error, &change.operation) {
            (SaveError::Constraint { .. }, Operation::Insert) if again => SaveError::AlreadyExists,
            (SaveError::Constraint { .. }, Operation::Update | Operation::Delete(_)) if again => SaveError::Conflict,
            (other, _) => other,
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
