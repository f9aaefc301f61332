//! What an entity keeps until it is stored: pending events, and what is known of the transaction that carries them.
//!
//! The common cases need no heap: a new entity (its `Created` event is implied by "never stored"), an entity with
//! nothing pending, and either of them touched once with a static reason. Everything else moves into a [`Ledger`].

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use uuid::Uuid;

use crate::{EpochMs, EventKind};

/// The pending events of one entity, beyond those that its versions imply. 24 bytes.
#[derive(Clone)]
pub(crate) enum Pending {
    /// One touch with a static reason, after a `Created` event if the entity was never stored.
    Touch { reason: &'static str, previous: EpochMs },
    /// `None`: nothing but the `Created` event of an entity that was never stored, if so.
    Ledger(Option<Box<Ledger>>),
}

/// Every pending event with all it needs, once one of them does not fit inline.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    /// In version order; the first has the version after the stored one.
    pub(crate) entries: Vec<Entry>,
    /// A delete that was written and not taken back.
    pub(crate) deletion: Option<Deletion>,
    /// That delete has ended without an answer before, and may be stored whatever becomes of another try.
    pub(crate) deletion_unknown: bool,
    pub(crate) flight: Option<Flight>,
    /// The last save that ended without an answer.
    pub(crate) unknown: Option<Attempt>,
    /// A delete is known to be stored.
    pub(crate) deleted: bool,
    /// The open transaction that the entity was loaded in: it may hold what that transaction has written.
    pub(crate) loaded_in: Option<Arc<Outcome>>,
}

/// One pending event. Its time is the `previous` of the next one, or the entity's `updated_at`.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) kind: EventKind,
    pub(crate) reason: Option<Cow<'static, str>>,
    pub(crate) previous: EpochMs,
    pub(crate) payload: Option<Box<str>>,
    /// Given at the first save and kept, so that a repeated save is recognised.
    pub(crate) id: Option<Uuid>,
}

/// A delete on its way: it becomes the entity's last event only when its commit is known.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The id of the `Deleted` event.
    pub id: Uuid,
    /// When the entity was deleted.
    pub at: EpochMs,
    /// Why.
    pub reason: Cow<'static, str>,
}

/// What was written, and the transaction that decides about it.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) outcome: Arc<Outcome>,
    pub(crate) attempt: Attempt,
    pub(crate) deletes: bool,
}

/// A save up to a version, with the fingerprint of the columns it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The entity's version when it was saved.
    pub version: u64,
    /// The fingerprint of its columns then.
    pub digest: u32,
}

/// What became of a transaction; shared by it and every entity saved in it.
///
/// Written once by whoever owns the connection, read by each entity when it is next asked.
#[derive(Debug, Default)]
pub struct Outcome(AtomicU8);

/// The states of an [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeState {
    /// Written; the transaction is still open.
    InFlight,
    /// Stored.
    Committed,
    /// Not stored.
    RolledBack,
    /// Nobody knows: the answer to COMMIT was lost.
    Unknown,
}

impl Outcome {
    /// Returns the outcome of a transaction that has just begun.
    #[must_use]
    pub fn in_flight() -> Arc<Self> {
        Arc::new(Self(AtomicU8::new(OutcomeState::InFlight as u8)))
    }

    /// Returns what is known now.
    #[must_use]
    pub fn state(&self) -> OutcomeState {
        match self.0.load(Ordering::Acquire) {
            0 => OutcomeState::InFlight,
            1 => OutcomeState::Committed,
            2 => OutcomeState::RolledBack,
            _ => OutcomeState::Unknown,
        }
    }

    /// Records how the transaction ended. Only the first answer counts.
    pub fn decide(&self, state: OutcomeState) {
        let _ = self.0.compare_exchange(OutcomeState::InFlight as u8, state as u8, Ordering::AcqRel, Ordering::Acquire);
    }
}
