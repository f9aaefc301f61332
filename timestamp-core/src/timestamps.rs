//! `Timestamps`: when an entity was created and last changed, what is pending, and the law that moves them.
//!
//! # Laws
//!
//! 1. `created_at` never changes after `create`.
//! 2. `updated_at` changes only through `touch`, and never goes back: `max(now, previous)`.
//! 3. Every `create` and `touch` adds exactly one event, and `version` counts them.
//!
//! All three are the body of [`Timestamps::advance`]. Besides, only a delete that is known to be stored moves these fields:
//! it takes in its own event, in `saving.rs`. Nothing else in the workspace assigns them.

mod raw_event;
mod saving;

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::pending::{Deletion, Entry, Flight, Ledger, OutcomeState, Pending};
use crate::{Clock, EpochMs, EventKind};

/// When an entity was created and last changed, its version, and the events that are not stored yet.
///
/// The type of the one field that `#[derive(Timestamped)]` needs. There is no way to build one, and no way to change
/// one but [`touch`](crate::Timestamped::touch): [`create`](crate::Timestamped::create) hands it out, a repository
/// restores it.
///
/// It serializes as `created_at`, `updated_at` and `version`, so `#[serde(flatten)]` puts the three beside the entity's
/// own fields. It does not deserialize: a time that came from outside is not a time that can be trusted. Two values are
/// equal if those three are.
///
/// 64 bytes, one cache line. No heap is used before the second touch, or the first with a reason made at run time.
#[derive(Clone)]
pub struct Timestamps {
    created_at: EpochMs,
    updated_at: EpochMs,
    clock: Clock,
    pending: Pending,
    /// Fingerprint of the columns as last loaded or saved; 0 if never.
    digest: u32,
    /// Binds this value to one entity type and id; 0 until then.
    tag: u32,
    version: u32,
    stored_version: u32,
}

const _: () = assert!(size_of::<Timestamps>() <= 64, "`Timestamps` outgrew its cache line");

impl Timestamps {
    #[inline]
    pub(crate) fn new(clock: &Clock) -> Self {
        let now = clock.now();
        Self {
            created_at: now,
            updated_at: now,
            clock: clock.clone(),
            pending: Pending::Ledger(None),
            digest: 0,
            tag: 0,
            version: 1,
            stored_version: 0,
        }
    }

    /// Returns the timestamps of a stored row.
    #[inline]
    pub(crate) fn restored(created_at: EpochMs, updated_at: EpochMs, version: u32, clock: &Clock) -> Self {
        Self {
            created_at,
            updated_at,
            clock: clock.clone(),
            pending: Pending::Ledger(None),
            digest: 0,
            tag: 0,
            version,
            stored_version: version,
        }
    }

    /// Returns when the entity was created.
    #[must_use]
    #[inline]
    pub const fn created_at(&self) -> EpochMs {
        self.created_at
    }

    /// Returns when the entity was last changed; for a new one, when it was created.
    #[must_use]
    #[inline]
    pub fn updated_at(&self) -> EpochMs {
        match self.ledger() {
            None => self.updated_at,
            Some(ledger) => ledger.committed_deletion().map_or(self.updated_at, |it| it.at.max(self.updated_at)),
        }
    }

    /// Returns the number of the entity's events ever, the pending ones included.
    #[must_use]
    #[inline]
    pub fn version(&self) -> u64 {
        let deleted = self.ledger().and_then(Ledger::committed_deletion).is_some();
        u64::from(self.version) + u64::from(deleted)
    }

    /// The law that moves the timestamps.
    #[inline]
    pub(crate) fn advance(&mut self, reason: Cow<'static, str>, payload: Option<Box<str>>) {
        let previous = self.updated_at;
        let Some(version) = self.version.checked_add(1) else { out_of_versions() };
        self.updated_at = self.clock.now().max(previous);
        self.version = version;
        match (&self.pending, reason, payload) {
            (Pending::Ledger(None), Cow::Borrowed(reason), None) => {
                self.pending = Pending::Touch { reason, previous };
            }
            (_, reason, payload) => {
                self.push(Entry { kind: EventKind::Updated, reason: Some(reason), previous, payload, id: None })
            }
        }
    }

    #[cold]
    fn push(&mut self, entry: Entry) {
        self.open_ledger().entries.push(entry);
    }

    fn ledger(&self) -> Option<&Ledger> {
        match &self.pending {
            Pending::Touch { .. } | Pending::Ledger(None) => None,
            Pending::Ledger(Some(ledger)) => Some(ledger),
        }
    }

    /// Returns the ledger, made from the inline form if there is none yet.
    fn open_ledger(&mut self) -> &mut Ledger {
        if self.ledger().is_none() {
            let mut entries = Vec::with_capacity(2);
            if self.stored_version == 0 {
                entries.push(Entry {
                    kind: EventKind::Created,
                    reason: None,
                    previous: self.created_at,
                    payload: None,
                    id: None,
                });
            }
            if let Pending::Touch { reason, previous } = self.pending {
                let (kind, reason) = (EventKind::Updated, Some(Cow::Borrowed(reason)));
                entries.push(Entry { kind, reason, previous, payload: None, id: None });
            }
            self.pending = Pending::Ledger(Some(Box::new(Ledger { entries, ..Ledger::default() })));
        }
        match &mut self.pending {
            Pending::Ledger(Some(ledger)) => ledger,
            Pending::Touch { .. } | Pending::Ledger(None) => unreachable!("the ledger was opened above"),
        }
    }

    /// Returns what the entity says of itself by one reading of the outcome cell, which may change between two.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let flight = self.ledger().and_then(|ledger| Some((ledger, ledger.flight.as_ref()?)));
        let (stored, deleted_at) = match flight {
            Some((ledger, flight)) if flight.outcome.state() == OutcomeState::Committed => {
                let deletion = if flight.deletes { ledger.deletion.as_ref() } else { None };
                (flight.version(), deletion.map(|deletion| deletion.at))
            }
            _ => (self.stored_version, None),
        };
        let deletion = u64::from(deleted_at.is_some());
        Snapshot {
            updated_at: deleted_at.map_or(self.updated_at, |at| at.max(self.updated_at)),
            version: u64::from(self.version) + deletion,
            stored_version: u64::from(stored) + deletion,
            deleted_at,
        }
    }

    pub(crate) fn tag(&self) -> u32 {
        self.tag
    }

    /// Binds fresh timestamps to their entity. A value that is bound already stays what it is, so that an entity which
    /// was built around another one's timestamps is found out when it is saved.
    #[inline]
    pub(crate) fn bind(&mut self, tag: u32) {
        if self.tag == 0 {
            self.tag = tag;
        }
    }

    pub(crate) fn set_digest(&mut self, digest: u32) {
        self.digest = digest;
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// What the outcome cell says at one moment, applied to the entity's own numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot {
    pub(crate) updated_at: EpochMs,
    pub(crate) version: u64,
    /// The version up to which events are known to be stored.
    pub(crate) stored_version: u64,
    /// When the entity was deleted, if that is known by the cell alone and not taken in yet.
    pub(crate) deleted_at: Option<EpochMs>,
}

impl Ledger {
    fn committed_deletion(&self) -> Option<&Deletion> {
        let flight = self.flight.as_ref()?;
        if flight.deletes && flight.outcome.state() == OutcomeState::Committed { self.deletion.as_ref() } else { None }
    }
}

impl Flight {
    fn version(&self) -> u32 {
        u32::try_from(self.attempt.version).unwrap_or(u32::MAX)
    }
}

#[cold]
fn out_of_versions() -> ! {
    panic!("an entity has at most 4,294,967,295 events")
}

impl PartialEq for Timestamps {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.snapshot(), other.snapshot());
        (self.created_at, left.updated_at, left.version) == (other.created_at, right.updated_at, right.version)
    }
}

impl Eq for Timestamps {}

impl fmt::Debug for Timestamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        f.debug_struct("Timestamps")
            .field("created_at", &self.created_at)
            .field("updated_at", &snapshot.updated_at)
            .field("version", &snapshot.version)
            .field("pending", &(snapshot.version - snapshot.stored_version))
            .finish_non_exhaustive()
    }
}

impl Serialize for Timestamps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshot = self.snapshot();
        let mut fields = serializer.serialize_struct("Timestamps", 3)?;
        fields.serialize_field("created_at", &self.created_at)?;
        fields.serialize_field("updated_at", &snapshot.updated_at)?;
        fields.serialize_field("version", &snapshot.version)?;
        fields.end()
    }
}
