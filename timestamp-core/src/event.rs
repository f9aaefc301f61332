//! What an event says, and how pending events leave an entity that has no repository.

use std::fmt;
use std::iter::FusedIterator;
use std::str::FromStr;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use uuid::Uuid;

use crate::__private::{Access, Entity, EntityId};
use crate::timestamps::{Snapshot, Timestamps};
use crate::{EpochMs, Timestamped};

/// What happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// It was created.
    Created,
    /// It was touched.
    Updated,
    /// It was deleted.
    Deleted,
}

impl EventKind {
    /// Returns the word that is stored and serialized: `created`, `updated` or `deleted`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

impl FromStr for EventKind {
    type Err = UnknownEventKind;

    /// Returns the kind that [`as_str`](Self::as_str) says.
    ///
    /// # Errors
    ///
    /// Any other word.
    fn from_str(word: &str) -> Result<Self, UnknownEventKind> {
        let known = [Self::Created, Self::Updated, Self::Deleted].into_iter().find(|kind| kind.as_str() == word);
        known.ok_or(UnknownEventKind(()))
    }
}

/// A word that is no kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEventKind(());

impl fmt::Display for UnknownEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `created`, `updated` or `deleted`")
    }
}

impl std::error::Error for UnknownEventKind {}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One event of an entity, built on demand from what the entity keeps.
///
/// It serializes as a struct with the names of its methods; `payload` as the JSON value it is.
#[derive(Clone)]
pub struct Event<'a> {
    pub(crate) kind: EventKind,
    pub(crate) entity_type: &'static str,
    pub(crate) entity_id: &'a (dyn fmt::Display + Send + Sync),
    pub(crate) version: u64,
    pub(crate) reason: Option<&'a str>,
    pub(crate) at: EpochMs,
    pub(crate) previous_updated_at: Option<EpochMs>,
    pub(crate) payload: Option<&'a str>,
    pub(crate) id: Option<Uuid>,
}

impl<'a> Event<'a> {
    /// Returns what happened.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// Returns the entity's type: the name of the struct, or what `#[timestamped(entity = "..")]` says.
    #[must_use]
    pub fn entity_type(&self) -> &'static str {
        self.entity_type
    }

    /// Returns the entity's id, to be displayed.
    #[must_use]
    pub fn entity_id(&self) -> &'a (dyn fmt::Display + Send + Sync) {
        self.entity_id
    }

    /// Returns the entity's version right after this event; an entity's events are numbered from 1 without a gap.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns why; nothing for a `Created` event.
    #[must_use]
    pub fn reason(&self) -> Option<&'a str> {
        self.reason
    }

    /// Returns when; the entity's `updated_at` right after this event.
    #[must_use]
    pub fn at(&self) -> EpochMs {
        self.at
    }

    /// Returns the entity's `updated_at` right before this event; nothing for a `Created` event.
    #[must_use]
    pub fn previous_updated_at(&self) -> Option<EpochMs> {
        self.previous_updated_at
    }

    /// Returns what [`touch_with`](crate::Timestamped::touch_with) was given, as JSON text.
    #[must_use]
    pub fn payload(&self) -> Option<&'a str> {
        self.payload
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("entity_type", &self.entity_type)
            .field("entity_id", &format_args!("{}", self.entity_id))
            .field("version", &self.version)
            .field("reason", &self.reason)
            .field("at", &self.at)
            .field("previous_updated_at", &self.previous_updated_at)
            .field("payload", &self.payload)
            .finish()
    }
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let payload: Option<serde_json::Value> =
            self.payload.map(serde_json::from_str).transpose().map_err(serde::ser::Error::custom)?;
        let mut fields = serializer.serialize_struct("Event", 8)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("entity_type", self.entity_type)?;
        fields.serialize_field("entity_id", &format_args!("{}", self.entity_id))?;
        fields.serialize_field("version", &self.version)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.serialize_field("at", &self.at)?;
        fields.serialize_field("previous_updated_at", &self.previous_updated_at)?;
        fields.serialize_field("payload", &payload)?;
        fields.end()
    }
}

/// The pending events of an entity, oldest first.
#[derive(Clone)]
pub struct PendingEvents<'a> {
    timestamps: &'a Timestamps,
    entity_type: &'static str,
    entity_id: &'a (dyn fmt::Display + Send + Sync),
    next: u64,
    last: u64,
    deleted_at: Option<EpochMs>,
}

impl<'a> PendingEvents<'a> {
    /// The events after the version `base`, which must not be before the stored one.
    pub(crate) fn after<E: Entity>(entity: &'a E, base: u64) -> Self {
        Self::of_snapshot(entity, entity.__timestamps(Access::new()).snapshot(), base)
    }

    pub(crate) fn of<E: Entity>(entity: &'a E) -> Self {
        let snapshot = entity.__timestamps(Access::new()).snapshot();
        Self::of_snapshot(entity, snapshot, snapshot.stored_version)
    }

    /// One snapshot for the whole iteration: a transaction that ends during it changes neither length nor content.
    fn of_snapshot<E: Entity>(entity: &'a E, snapshot: Snapshot, base: u64) -> Self {
        Self {
            timestamps: entity.__timestamps(Access::new()),
            entity_type: E::__ENTITY_TYPE,
            entity_id: entity.__id().as_itself(),
            next: base + 1,
            last: snapshot.version,
            deleted_at: snapshot.deleted_at,
        }
    }
}

impl<'a> Iterator for PendingEvents<'a> {
    type Item = Event<'a>;

    #[inline]
    fn next(&mut self) -> Option<Event<'a>> {
        if self.next > self.last {
            return None;
        }
        let version = self.next;
        self.next += 1;
        let raw = self.timestamps.event(version, self.deleted_at);
        Some(Event {
            kind: raw.kind,
            entity_type: self.entity_type,
            entity_id: self.entity_id,
            version,
            reason: raw.reason,
            at: raw.at,
            previous_updated_at: raw.previous,
            payload: raw.payload,
            id: raw.id,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.last + 1 - self.next).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for PendingEvents<'_> {}
impl FusedIterator for PendingEvents<'_> {}

impl fmt::Debug for PendingEvents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Pending events on their way out of an entity that has no repository.
///
/// They are gone only when [`commit`](Self::commit) is called; a drain that is dropped has taken nothing. While the
/// entity is in flight, its events belong to that transaction and a drain is empty.
///
/// # Example
///
/// ```
/// # use timestamp_core::{Timestamped, Timestamps};
/// # #[derive(Timestamped)]
/// # struct Task { #[timestamped(id)] id: u64, timestamps: Timestamps }
/// # fn send(events: &[String]) -> Result<(), std::io::Error> { Ok(()) }
/// let mut task = Task::create(|timestamps| Task { id: 1, timestamps })?;
/// let drain = task.drain_events();
/// let lines: Vec<String> = drain.events().map(|event| format!("{} {}", event.kind(), event.at())).collect();
/// send(&lines)?; // an error leaves the events with the task
/// drain.commit();
/// assert_eq!(task.pending_events().len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a drain that is dropped has taken nothing; call `commit` once the events are safe"]
pub struct Drain<'a, E> {
    entity: &'a mut E,
    /// The events belong to a transaction. If it ends while this drain lives, they are still not the drain's to take.
    in_flight: bool,
}

impl<'a, E: Timestamped> Drain<'a, E> {
    pub(crate) fn of(entity: &'a mut E) -> Self {
        let timestamps = entity.__timestamps_mut(Access::new());
        timestamps.settle();
        let in_flight = timestamps.is_in_flight();
        Self { entity, in_flight }
    }

    /// Returns the events that this drain would take, oldest first.
    #[must_use]
    pub fn events(&self) -> PendingEvents<'_> {
        let mut events = PendingEvents::of(&*self.entity);
        if self.in_flight {
            events.next = events.last + 1;
        }
        events
    }

    /// Forgets the events. Call it once they are safe elsewhere.
    pub fn commit(self) {
        if !self.in_flight {
            self.entity.__timestamps_mut(Access::new()).forget_events();
        }
    }
}

impl<E: Timestamped> fmt::Debug for Drain<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drain").field(&self.events()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::EventKind;

    #[test]
    fn every_kind_is_read_from_its_word() {
        for kind in [EventKind::Created, EventKind::Updated, EventKind::Deleted] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for word in ["", "Created", "updated ", "renamed"] {
            assert!(word.parse::<EventKind>().is_err_and(|error| error.to_string().contains("`updated`")), "{word}");
        }
    }
}
