//! The outbox: the table of stored events, in the order in which they were stored.
//!
//! Events get here in the transaction that stores their row, and nowhere else. Reading them takes nothing away.

mod entity_types;
mod envelope;
mod state;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use timestamp_core::{EpochMs, EventKind, Timestamped};
use uuid::Uuid;

pub(crate) use self::entity_types::EntityTypes;
pub(crate) use self::envelope::{EventRow, Said, push_escaped};
pub(crate) use self::state::state;
use crate::error::FindError;
use crate::relay::{self, RelayError};
use crate::store::Store;

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// Its place in the outbox; later ones are larger.
    pub seq: i64,
    /// Its id: a UUID of version 7, given at the first save and kept.
    pub id: Uuid,
    /// The entity's type; events that were read together share it.
    pub entity_type: Arc<str>,
    /// The entity's id, as text.
    pub entity_id: String,
    /// What happened.
    pub kind: EventKind,
    /// The entity's version right after this event.
    pub version: u64,
    /// Why.
    pub reason: Option<String>,
    /// When it happened, by the entity's clock.
    pub at: EpochMs,
    /// When it was stored, by the store's clock.
    pub recorded_at: EpochMs,
    /// All of this as a JSON object, with what `touch_with` was given under `data`, and the entity's state
    /// under `state` if the entity says `events = "state"`.
    pub payload: String,
    /// Whose data it is; this and the next three by [`EventContext`](crate::EventContext).
    pub tenant_id: Option<String>,
    /// What everything that follows from one request has in common.
    pub correlation_id: Option<String>,
    /// The command or event that caused it.
    pub causation_id: Option<String>,
    /// Its place in a distributed trace.
    pub traceparent: Option<String>,
}

impl StoredEvent {
    /// Returns the event's type for consumers: entity type, a dot, and the kind, such as `Task.updated`.
    #[must_use]
    pub fn event_type(&self) -> String {
        [&*self.entity_type, ".", self.kind.as_str()].concat()
    }
}

impl fmt::Display for StoredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, entity_type, kind, version, entity_id, .. } = self;
        write!(f, "{at} {entity_type}.{kind} v{version} {entity_id}")?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// Reads the stored events of a store; made by `store.outbox()`.
#[derive(Clone, Debug)]
pub struct Outbox<S> {
    store: S,
}

/// Which events to read.
#[derive(Clone, Debug)]
pub enum EventQuery {
    /// Those after a place in the outbox, in order.
    After {
        /// The place.
        seq: i64,
        /// How many at most.
        limit: u32,
    },
    /// Those of one entity, in version order.
    Of {
        /// Its type.
        entity_type: &'static str,
        /// Its id.
        entity_id: String,
    },
}

impl<S: Store> Outbox<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { store }
    }

    /// Returns up to `limit` events after the place `seq`, in the order in which they were stored. Start with 0, go on
    /// with the `seq` of the last one.
    ///
    /// # Errors
    ///
    /// [`FindError::Unreadable`] for a row that was changed by hand, [`FindError::Backend`] if the database fails.
    pub async fn after(&self, seq: i64, limit: u32) -> Result<Vec<StoredEvent>, FindError> {
        self.store.events(EventQuery::After { seq, limit }).await
    }

    /// Deletes events that are older than `age`, by the store's clock, that every relay of this store has delivered, and
    /// that none has parked. Returns how many. Where nobody relays from here, as with a reader of PostgreSQL's log, age
    /// alone decides. A relay does this by itself, if it is given a [`retention`](crate::Relay::retention).
    ///
    /// The id of a deleted entity can be used again once its events are gone.
    ///
    /// # Errors
    ///
    /// [`RelayError::RetentionTooShort`] for less than 24 hours.
    pub async fn prune(&self, age: Duration) -> Result<u64, RelayError> {
        relay::prune(&self.store, age, 1_000).await
    }

    /// Returns the stored events of one entity, in version order, from its creation on.
    ///
    /// # Errors
    ///
    /// As [`after`](Self::after).
    pub fn of<E: Timestamped>(&self, entity: &E) -> impl Future<Output = Result<Vec<StoredEvent>, FindError>> + Send {
        // The id is read here: a future that holds a `&E` would be `Send` only for an entity that is `Sync`.
        let entity_id = entity.id().to_string();
        self.store.events(EventQuery::Of { entity_type: E::ENTITY_TYPE, entity_id })
    }

    /// Returns the stored events of the entity with this id, in version order; also of one that was deleted.
    ///
    /// # Errors
    ///
    /// As [`after`](Self::after).
    pub async fn of_id<E: Timestamped>(&self, id: &E::Id) -> Result<Vec<StoredEvent>, FindError> {
        self.store.events(EventQuery::Of { entity_type: E::ENTITY_TYPE, entity_id: id.to_string() }).await
    }
}
