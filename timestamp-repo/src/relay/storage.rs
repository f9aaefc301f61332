//! What a database must offer to the relay.
//!
//! The relay knows no SQL: it asks for pages of events from a place on, and has the store keep what it knows: how far it
//! is, who leads, what was refused, what is parked. All of this lives in tables of its own; the outbox is only read.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use timestamp_core::EpochMs;
use tokio::sync::watch;
use uuid::Uuid;

use super::error::RelayError;
use crate::outbox::StoredEvent;

/// How far a relay has read: everything up to here was handed over, or is parked.
///
/// On SQLite, where events become visible in the order of their numbers, a number is enough. On PostgreSQL a transaction
/// may commit long after later numbers are visible, so there the place is a window between two snapshots, and the number
/// is the place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The snapshots that the window lies between; none on SQLite, and where the window ended.
    pub window: Option<Arc<Window>>,
    /// The `seq` of the last event.
    pub seq: i64,
}

/// The events that became visible after `after` and are visible in `within`, in the order of `seq`; both as PostgreSQL
/// writes a `pg_snapshot`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// All that is visible in this one was read before.
    pub after: String,
    /// Nothing beyond this one is read now; none: a new one is to be taken.
    pub within: Option<String>,
    /// No event of the window has a larger number than this one; none, where that was not looked up.
    pub last: Option<i64>,
}

/// Bytes beyond which no further event is read into a page, however few there are. Every page has one event, whatever its
/// size.
pub(crate) const LARGEST_PAGE: usize = 8 << 20;

/// A part of the outbox, in order.
#[derive(Debug)]
pub struct Page {
    /// The events, each with the place after it.
    pub events: Vec<(Fetched, Place)>,
    /// The place after the page. It may be beyond the last event, where others were not asked for.
    pub end: Place,
    /// There was no more to read when this was read.
    pub is_last: bool,
}

/// Which entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityKey {
    /// Its type.
    pub entity_type: String,
    /// Its id.
    pub entity_id: String,
}

/// A row of the outbox.
#[derive(Debug)]
pub enum Fetched {
    /// An event.
    Event(Arc<StoredEvent>),
    /// A row that is none: somebody wrote into the table by hand.
    Unreadable {
        /// Its number.
        seq: i64,
        /// Whose it is, as far as that can be read.
        entity: EntityKey,
        /// What is wrong with it.
        message: String,
    },
}

impl Fetched {
    /// A parked event that somebody has deleted.
    pub(crate) fn gone(seq: i64, entity: EntityKey) -> Self {
        let message =
            "its row in timestamp_outbox was deleted, so it can not be delivered: discard it, and release those \
                       that wait behind it"
                .to_owned();
        Self::Unreadable { seq, entity, message }
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Event(event) => {
                event.payload.len() + event.entity_id.len() + event.reason.as_ref().map_or(0, |reason| reason.len())
            }
            Self::Unreadable { entity, message, .. } => entity.entity_id.len() + message.len(),
        }
    }
}

/// The right to lead a relay until its time is up.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Larger with each new holder; writes of an older one are refused.
    pub token: i64,
    /// Where the relay is.
    pub place: Place,
}

/// A lease of somebody else's, as its row says. It changes whenever the holder gives a sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// That of the holder's [`Lease`].
    pub token: i64,
    /// When it runs out, in the database's words.
    pub until: String,
}

/// The answer to who asks for a lease.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It is the asker's.
    Lease(Lease),
    /// Somebody else has it.
    Elsewhere(Held),
}

/// What the leader has found out, to be kept in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The new place, if it moved.
    pub place: Option<Place>,
    /// Released events that were delivered: their parking ends. To be done after `parked`, which may name one that was
    /// read again meanwhile.
    pub delivered_from_parking: Vec<i64>,
    /// Released events that were refused again: those of their entity are parked as before. To be done before `parked`.
    pub parked_again: Vec<Again>,
    /// Events that are to be kept aside, in order.
    pub parked: Vec<ToPark>,
    /// How often an event was refused; zero times, if that is of no interest any more.
    pub refusals: Vec<Refusal>,
}

impl Progress {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.place.is_none()
            && self.parked.is_empty()
            && self.delivered_from_parking.is_empty()
            && self.parked_again.is_empty()
            && self.refusals.is_empty()
    }

    /// Whether it changes what is parked.
    pub fn has_parkings(&self) -> bool {
        !self.parked.is_empty() || !self.delivered_from_parking.is_empty() || !self.parked_again.is_empty()
    }
}

/// An event that is to be kept aside.
///
/// One without a reason may be there already, from before a crash, and stays as it is. A new one is released if the last
/// of its entity is, so that those which are not released are always the last of their entity. One
/// without a reason that finds none of its entity waits for nothing, and is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToPark {
    /// Its number in the outbox.
    pub seq: i64,
    /// Whose it is.
    pub entity: EntityKey,
    /// Why; none for an event that waits behind a parked one of the same entity.
    pub reason: Option<String>,
    /// How often it was refused.
    pub refusals: u32,
}

/// A released event that was refused again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Its number in the outbox.
    pub seq: i64,
    /// Whose it is.
    pub entity: EntityKey,
    /// Why.
    pub reason: String,
    /// How often it was refused.
    pub refusals: u32,
}

/// How often one event was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its number in the outbox.
    pub seq: i64,
    /// So often.
    pub times: u32,
}

/// An entity with parked events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedEntity {
    /// Which.
    pub entity: EntityKey,
    /// How many of its events are parked.
    pub events: u64,
    /// The number of the first of them. What is before it is done.
    pub first: i64,
}

/// A parked event, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParkedEvent {
    /// Its number in the outbox.
    pub seq: i64,
    /// The entity's type.
    pub entity_type: String,
    /// The entity's id.
    pub entity_id: String,
    /// Why; none for an event that waits behind a parked one of the same entity.
    pub reason: Option<String>,
    /// How often it was refused.
    pub refusals: u32,
    /// When it was parked, by the store's clock.
    pub parked_at: EpochMs,
    /// Whether it has been released, and waits for the relay.
    pub released: bool,
}

/// Transactions that are open, and whose events nobody can see yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldTransactions {
    /// How many.
    pub count: u64,
    /// For how long the oldest has been open.
    pub oldest: Option<Duration>,
}

/// The relay's side of a database. Sealed, as [`Backend`](crate::backend::Backend) is.
pub trait Relaying: Clone + Send + Sync + 'static {
    /// The time by the store's clock.
    fn now(&self) -> EpochMs;

    /// Changes whenever events may have been stored. Late or missing signals delay events, and lose none.
    fn signal(&self) -> watch::Receiver<u64>;

    /// Takes the lease if it is free, has run out, is the holder's own, or is still the one that is known to be `silent`.
    /// The first one to ask makes the relay.
    fn take_lease(
        &self,
        relay: &str,
        holder: Uuid,
        lease: Duration,
        silent: Option<&Held>,
    ) -> impl Future<Output = Result<Taken, RelayError>> + Send;

    /// Keeps what the leader found out, and renews its lease. `false`, and nothing is kept, if the lease is another's.
    fn keep(
        &self,
        relay: &str,
        token: i64,
        lease: Duration,
        progress: &Progress,
    ) -> impl Future<Output = Result<bool, RelayError>> + Send;

    /// Ends the lease, if it is this one.
    fn end_lease(&self, relay: &str, token: i64) -> impl Future<Output = Result<(), RelayError>> + Send;

    /// Reads events after a place: only those of these entity types, if any are named.
    fn read_page(
        &self,
        from: &Place,
        only: &[&'static str],
        limit: u32,
    ) -> impl Future<Output = Result<Page, RelayError>> + Send;

    /// How often events were refused that are still to be delivered.
    fn refusals(&self, relay: &str) -> impl Future<Output = Result<Vec<Refusal>, RelayError>> + Send;

    /// All entities with parked events.
    fn parked_entities(&self, relay: &str) -> impl Future<Output = Result<Vec<ParkedEntity>, RelayError>> + Send;

    /// Those of these entities that have parked events.
    fn parked_of(
        &self,
        relay: &str,
        entities: &[EntityKey],
    ) -> impl Future<Output = Result<Vec<ParkedEntity>, RelayError>> + Send;

    /// The first released events of all entities but the busy ones, in order. Those of one entity are the first that it
    /// has parked. Those that are not released come after those that are. One that somebody has deleted from the outbox
    /// is unreadable.
    fn released(
        &self,
        relay: &str,
        busy: &[EntityKey],
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Fetched>, RelayError>> + Send;

    /// Parked events after the number `after`, in order.
    fn parked(
        &self,
        relay: &str,
        after: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ParkedEvent>, RelayError>> + Send;

    /// Releases the parked events of one entity, or of all. Returns how many.
    fn release(
        &self,
        relay: &str,
        entity: Option<(&str, &str)>,
    ) -> impl Future<Output = Result<u64, RelayError>> + Send;

    /// Ends the parking of one event that will never be delivered. Returns whether it was parked.
    fn discard(&self, relay: &str, seq: i64) -> impl Future<Output = Result<bool, RelayError>> + Send;

    /// Removes a relay and what it knows. Returns whether there was one.
    fn remove_relay(&self, relay: &str) -> impl Future<Output = Result<bool, RelayError>> + Send;

    /// Deletes up to `limit` of the oldest events that were recorded before `before`, that every relay is done with, and
    /// that none has parked. Returns how many.
    fn prune(&self, before: EpochMs, limit: u32) -> impl Future<Output = Result<u64, RelayError>> + Send;

    /// Open transactions that hold their events back.
    fn held(&self) -> impl Future<Output = Result<HeldTransactions, RelayError>> + Send;
}
