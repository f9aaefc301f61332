//! Entities of one batch whose changes are in other hands, while their caller waits for the answer.
//!
//! As for a lone save (see [`crate::save`]): if the caller goes away before the answer, the entities are in flight, and
//! look at the outcome when they are next asked. As long as the caller waits nobody can ask them, so this is done only
//! then.

use std::sync::Arc;

use timestamp_core::__private::{self as core, Outcome, OutcomeState};
use timestamp_core::Record;
use uuid::Uuid;

use crate::error::SaveError;
use crate::save::{Change, Operation};

pub(crate) struct Entrusted<'e, E: Record> {
    entities: &'e mut [E],
    parts: Vec<Part>,
    /// Of all events, in the order of the parts.
    ids: Vec<Uuid>,
    outcome: Arc<Outcome>,
    /// The transaction may end from here on, and the answer is not there yet.
    given: bool,
}

/// What an entity needs to know if its caller goes away.
struct Part {
    index: usize,
    stored_version: u64,
    events: usize,
    digest: u32,
}

impl<'e, E: Record> Entrusted<'e, E> {
    pub(crate) fn new(entities: &'e mut [E]) -> Self {
        let count = entities.len();
        let (parts, ids) = (Vec::with_capacity(count), Vec::with_capacity(count));
        Self { entities, parts, ids, outcome: Outcome::in_flight(), given: false }
    }

    pub(crate) fn entities(&mut self) -> &mut [E] {
        self.entities
    }

    pub(crate) fn entity(&self, index: usize) -> &E {
        &self.entities[index]
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn outcome(&self) -> &Arc<Outcome> {
        &self.outcome
    }

    /// How many entities are written.
    pub(crate) fn written(&self) -> usize {
        self.parts.len()
    }

    /// Notes what is written of an entity, with columns of this fingerprint.
    pub(crate) fn add(&mut self, index: usize, change: &Change, digest: u32) {
        self.ids.extend(change.events.iter().map(|event| event.id));
        let (stored_version, events) = (change.stored_version, change.events.len());
        self.parts.push(Part { index, stored_version, events, digest });
    }

    /// Whether an entity that was written has the id of this one.
    #[cfg(feature = "sqlite")]
    pub(crate) fn has_written_id_of(&self, index: usize) -> bool {
        let id = self.entities[index].id();
        self.parts.iter().any(|part| self.entities[part.index].id() == id)
    }

    /// The transaction may end from here on; whoever ends it decides the outcome.
    pub(crate) fn give(&mut self) -> Arc<Outcome> {
        self.given = true;
        Arc::clone(&self.outcome)
    }

    /// The answer is there: stored, or this error.
    pub(crate) fn conclude(mut self, error: Option<&SaveError>) {
        self.given = false;
        match error {
            None => {
                for part in &self.parts {
                    core::mark_stored(&mut self.entities[part.index], part.digest);
                }
            }
            Some(SaveError::OutcomeUnknown) => {
                self.outcome.decide(OutcomeState::Unknown);
                self.put_in_flight();
                self.entities.iter_mut().for_each(core::settle);
            }
            // Not stored: the events are pending, as they were.
            Some(_) => {}
        }
    }

    /// The answer is there: nothing was stored, and no entity is to be blamed.
    #[cfg(feature = "postgres")]
    pub(crate) fn withdraw(mut self) {
        self.given = false;
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

/// The outcome of an entity that stands in the batch for the second time. What stood in its way was the first one's
/// write, which is undone by now, so only a constraint was left to blame.
pub(crate) fn second_time(change: &Change, error: SaveError) -> SaveError {
    match (error, &change.operation) {
        (SaveError::Constraint { .. }, Operation::Insert) => SaveError::AlreadyExists,
        (SaveError::Constraint { .. }, Operation::Update | Operation::Delete(_)) => SaveError::Conflict,
        (other, _) => other,
    }
}
