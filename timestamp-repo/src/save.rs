//! The order in which a save happens.
//!
//! A save makes one promise: the row and the events of an entity are stored together or not at all, and an event that
//! was stored is never stored again.
//!
//! # Steps
//!
//! 1. Ask the entity where it stands. One whose timestamps are not its own, that is in flight elsewhere, or that is not
//!    valid, is refused before anything is written.
//! 2. Nothing pending and the same columns: done. Other columns: [`SaveError::ChangedWithoutTouch`].
//! 3. Give each pending event its id, once. The entity keeps its events, and the ids, until step 5.
//! 4. The backend writes the row under its conditions, and the events in their order, in one transaction.
//! 5. The commit is known to have happened, and only then the entity forgets the events.
//!
//! Where a save ends without an answer, the entity keeps events and ids. The next save finds the ids in the outbox, if
//! they are there, forgets those events, and goes on with the rest.
//!
//! # Not here
//!
//! SQL, and the difference between a lone save, a group and a unit of work: see the backends.

use std::sync::Arc;

use timestamp_core::__private::{self as core, Attempt, Deletion, Outcome, OutcomeState, Refusal, Standing};
use timestamp_core::{EpochMs, Record, ValidationError};
use uuid::Uuid;

use crate::error::{BackendError, SaveError};
use crate::event_context::EventContext;
use crate::fingerprint::Fingerprint;
use crate::outbox::{EventRow, StoredEvent, state};

/// What one save has to write, without the columns.
#[derive(Debug)]
pub struct Change {
    pub(crate) operation: Operation,
    pub(crate) entity_type: &'static str,
    pub(crate) entity_id: String,
    pub(crate) created_at: EpochMs,
    pub(crate) updated_at: EpochMs,
    pub(crate) version: u64,
    /// What the row must hold for the change to be allowed.
    pub(crate) stored_version: u64,
    pub(crate) stored_updated_at: EpochMs,
    pub(crate) events: Vec<EventRow>,
    /// An earlier attempt may have stored some of the events.
    pub(crate) attempted: bool,
    /// Where the events come from, if somebody has said.
    pub(crate) context: Option<Arc<EventContext>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Insert,
    Update,
    Delete(Deletion),
}

/// How a change ended that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Row and events are written, with columns of this fingerprint.
    Now {
        /// The fingerprint; 0 for a delete.
        digest: u32,
    },
    /// An earlier attempt, whose outcome was unknown, had stored the events up to this version. Nothing was written.
    Before {
        /// That version.
        version: u64,
    },
}

/// Steps 1 to 3 for a save in the transaction `current`, if it has begun. Nothing, if there is nothing to write.
pub(crate) fn prepare<E: Record>(entity: &mut E, current: Option<&Arc<Outcome>>) -> Result<Option<Change>, SaveError> {
    let standing = core::standing(entity, current).map_err(refused)?;
    entity.validate().map_err(SaveError::Invalid)?;
    if standing.events() == 0 {
        let digest = Fingerprint::of(entity).map_err(|error| invalid_column::<E>(&error))?;
        return if digest == standing.digest { Ok(None) } else { Err(SaveError::ChangedWithoutTouch) };
    }
    let operation = if standing.stored_version == 0 { Operation::Insert } else { Operation::Update };
    change(entity, &standing, operation).map(Some)
}

/// Steps 1 to 3 for a delete, which writes the pending events too.
pub(crate) fn prepare_delete<E: Record>(
    entity: &mut E,
    reason: std::borrow::Cow<'static, str>,
    current: Option<&Arc<Outcome>>,
) -> Result<Change, SaveError> {
    let standing = core::standing_of_delete(entity, current).map_err(refused)?;
    let earlier = core::unknown_deletion(entity).cloned();
    let attempted = earlier.is_some();
    let deletion = match earlier {
        // The same event, by its id. If the entity was touched since, its last event can not be older than that.
        Some(earlier) => Deletion { at: earlier.at.max(standing.updated_at), ..earlier },
        None => {
            let at = core::now(entity).max(standing.updated_at);
            Deletion { id: event_id(at), at, reason }
        }
    };
    let mut change = change(entity, &standing, Operation::Delete(deletion.clone()))?;
    change.attempted |= attempted;
    change.version += 1;
    change.events.push(EventRow::deleted(&change, &deletion, standing.updated_at));
    Ok(change)
}

fn change<E: Record>(entity: &E, standing: &Standing, operation: Operation) -> Result<Change, SaveError> {
    // What the entity was between its pending events is not known any more, so only the last of them has a state.
    let has_state = E::EVENTS_CARRY_STATE && !matches!(operation, Operation::Delete(_));
    let state = has_state.then(|| state(entity)).transpose().map_err(|error| invalid_column::<E>(&error))?;
    let mut attempted = false;
    let events = core::events_after(entity, standing.stored_version).map(|(event, id)| {
        attempted |= id.is_some();
        let state = state.as_deref().filter(|_| event.version() == standing.version);
        EventRow::of(&event, id.unwrap_or_else(|| event_id(event.at())), state)
    });
    let events = events.collect();
    Ok(Change {
        operation,
        entity_type: E::ENTITY_TYPE,
        entity_id: entity.id().to_string(),
        created_at: standing.created_at,
        updated_at: standing.updated_at,
        version: standing.version,
        stored_version: standing.stored_version,
        stored_updated_at: standing.stored_updated_at,
        events,
        attempted,
        context: EventContext::current(),
    })
}

/// Step 5, once the answer is there. `digest` is the fingerprint of the columns that were to be written.
pub(crate) fn conclude<E: Record>(entity: &mut E, change: &Change, answer: &Result<Written, SaveError>, digest: u32) {
    match answer {
        Ok(Written::Now { .. }) => match &change.operation {
            Operation::Delete(deletion) => deleted(entity, deletion),
            Operation::Insert | Operation::Update => core::mark_stored(entity, digest),
        },
        Ok(Written::Before { version }) => stored_before(entity, change, *version),
        Err(SaveError::OutcomeUnknown) => {
            // The entity keeps the ids, by which the next save will find out.
            let outcome = Outcome::in_flight();
            in_flight(entity, change, &outcome, digest);
            outcome.decide(OutcomeState::Unknown);
            core::settle(entity);
        }
        // Not stored: the events are pending, as they were.
        Err(_) => {}
    }
}

/// The delete is stored, and with it every event that was pending; what an earlier try may have stored is no question
/// any more.
fn deleted<E: Record>(entity: &mut E, deletion: &Deletion) {
    core::withdraw_deletion(entity);
    core::mark_deleted(entity, deletion.clone());
}

/// An entity whose change is in other hands, while its caller waits for the answer.
///
/// If the caller goes away before that (a save future was dropped), the entity is in flight: it will look at the outcome
/// when it is next asked. As long as the caller waits nobody can ask it, so this is done only then.
pub(crate) struct Entrusted<'e, E: Record> {
    entity: &'e mut E,
    change: Arc<Change>,
    outcome: Arc<Outcome>,
    digest: u32,
    answered: bool,
}

impl<'e, E: Record> Entrusted<'e, E> {
    pub(crate) fn new(entity: &'e mut E, change: &Arc<Change>, outcome: &Arc<Outcome>, digest: u32) -> Self {
        let (change, outcome) = (Arc::clone(change), Arc::clone(outcome));
        Self { entity, change, outcome, digest, answered: false }
    }

    pub(crate) fn conclude(mut self, answer: &Result<Written, SaveError>) {
        self.answered = true;
        conclude(self.entity, &self.change, answer, self.digest);
    }
}

impl<E: Record> Drop for Entrusted<'_, E> {
    fn drop(&mut self) {
        if !self.answered {
            in_flight(self.entity, &self.change, &self.outcome, self.digest);
        }
    }
}

/// Step 5 is somebody else's: whoever ends the transaction decides `outcome`, and the entity looks there when asked.
pub(crate) fn in_flight<E: Record>(entity: &mut E, change: &Change, outcome: &Arc<Outcome>, digest: u32) {
    let deletion = match &change.operation {
        Operation::Delete(deletion) => Some(deletion.clone()),
        Operation::Insert | Operation::Update => None,
    };
    // The event of a delete is not one of the entity's own until it is known to be stored.
    let own = change.events.len() - usize::from(deletion.is_some());
    let ids: Vec<Uuid> = change.events.iter().take(own).map(|event| event.id).collect();
    core::remember_ids(entity, change.stored_version, &ids);
    core::begin_flight(entity, outcome, digest, deletion);
}

/// An earlier attempt, of this entity or of a clone, turned out to be stored up to `version`, as the open transaction
/// of `outcome` sees it. It may be that transaction that stores it, so the entity forgets nothing before its end.
pub(crate) fn in_flight_before<E: Record>(entity: &mut E, change: &Change, outcome: &Arc<Outcome>, version: u64) {
    let deletion = match &change.operation {
        Operation::Delete(deletion) if version == change.version => Some(deletion.clone()),
        Operation::Delete(_) | Operation::Insert | Operation::Update => None,
    };
    let attempt = attempt_of(entity, version - u64::from(deletion.is_some()));
    core::join_flight(entity, outcome, attempt, deletion);
}

/// Of the attempt that is known to have written exactly this version, the columns are known too. Of an older one they
/// are not, but then a later event is pending, and the next save writes them anew.
fn attempt_of<E: Record>(entity: &E, version: u64) -> Attempt {
    core::unknown_attempt(entity).filter(|known| known.version == version).unwrap_or(Attempt { version, digest: 0 })
}

/// An earlier attempt turned out to be stored, up to `version`.
pub(crate) fn stored_before<E: Record>(entity: &mut E, change: &Change, version: u64) {
    match &change.operation {
        Operation::Delete(deletion) if version == change.version => deleted(entity, deletion),
        Operation::Delete(_) | Operation::Insert | Operation::Update => {
            let attempt = attempt_of(entity, version);
            core::mark_attempt_stored(entity, attempt);
        }
    }
}

/// Decides an attempt whose outcome is unknown, from the stored events of the entity. Returns whether it was stored; an
/// entity of which nothing is unknown counts as stored if nothing is pending.
pub(crate) fn resolve<E: Record>(entity: &mut E, stored: &[StoredEvent]) -> bool {
    let is_stored = |id: Uuid| stored.iter().any(|event| event.id == id);
    let standing = match core::standing(entity, None) {
        Ok(standing) => standing,
        Err(Refusal::DeletionUnknown) => {
            let deletion = core::unknown_deletion(entity).filter(|deletion| is_stored(deletion.id)).cloned();
            let was_stored = deletion.is_some();
            match deletion {
                Some(deletion) => core::mark_deleted(entity, deletion),
                None => core::withdraw_deletion(entity),
            }
            return was_stored;
        }
        Err(Refusal::Tampered | Refusal::InFlight | Refusal::Deleted | Refusal::NeverStored) => return false,
    };
    let Some(attempt) = standing.unknown else { return standing.events() == 0 };
    let through = core::events_after(entity, standing.stored_version)
        .take_while(|(_, id)| id.is_some_and(is_stored))
        .map(|(event, _)| event.version())
        .last();
    match through {
        Some(version) => {
            let digest = if version == attempt.version { attempt.digest } else { 0 };
            core::mark_attempt_stored(entity, Attempt { version, digest });
        }
        None => core::mark_attempt_not_stored(entity),
    }
    through == Some(attempt.version)
}

fn refused(refusal: Refusal) -> SaveError {
    match refusal {
        Refusal::Tampered => SaveError::TimestampsTampered,
        Refusal::InFlight => SaveError::InFlight,
        Refusal::Deleted | Refusal::NeverStored => SaveError::Conflict,
        Refusal::DeletionUnknown => SaveError::OutcomeUnknown,
    }
}

/// A field that no column can hold is the entity's fault, and is named as its own invariants are.
pub(crate) fn invalid_column<E: Record>(error: &timestamp_core::RowError) -> SaveError {
    let column = E::COLUMNS.get(error.column).map_or("?", |column| column.name);
    SaveError::Invalid(ValidationError::new(column, error.error.to_string()))
}

/// Refuses a bulk touch of an entity whose events carry its state: it would have to load what it touches. Nothing has been
/// written then, and a unit goes on.
pub(crate) fn touches_without_state<E: Record>() -> Result<(), SaveError> {
    if !E::EVENTS_CARRY_STATE {
        return Ok(());
    }
    let entity = E::ENTITY_TYPE;
    Err(SaveError::Backend(BackendError::new(format!(
        "`touch_all` does not load what it touches, and events of `{entity}` carry its state: load, touch and save each"
    ))))
}

/// A UUID of version 7 whose time is the event's own, so that ids follow the clock of the program's choice.
pub(crate) fn event_id(at: EpochMs) -> Uuid {
    // Random bits from a version 4 UUID, skipping the two bytes in which that keeps version and variant.
    let random = Uuid::new_v4().into_bytes();
    let mut bits = [0; 10];
    bits[..6].copy_from_slice(&random[..6]);
    bits[6..].copy_from_slice(&random[12..]);
    let millis = u64::try_from(at.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}

#[cfg(feature = "sqlite")]
impl Change {
    /// How many pages of the log the change is expected to write; an estimate for the checkpoints.
    pub(crate) fn pages(&self) -> u64 {
        4 * (1 + self.events.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_carry_the_time_of_their_event() {
        let at = EpochMs::from_millis(1_769_862_896_789).unwrap();
        let (first, second) = (event_id(at), event_id(at));
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(
            u64::from_be_bytes([&[0, 0], &first.as_bytes()[..6]].concat().try_into().unwrap()),
            1_769_862_896_789
        );
        assert_ne!(first, second);
    }
}
