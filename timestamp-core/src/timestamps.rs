//! `Timestamps`: when an entity was created and last changed, what is pending, and the law that moves them.
//!
//! # Laws
//!
//! 1. `created_at` never changes after `create`.
//! 2. `updated_at` changes only through `touch`, and never goes back: `max(now, previous)`.
//! 3. Every `create` and `touch` adds exactly one event, and `version` counts them.
//!
//! All three are the body of [`Timestamps::advance`]; nothing else in the workspace assigns these fields.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use uuid::Uuid;

use crate::pending::{Attempt, Deletion, Entry, Flight, Ledger, Outcome, OutcomeState, Pending};
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

    /// Returns whether a transaction that may store some of the events has not ended yet.
    pub(crate) fn is_in_flight(&self) -> bool {
        let flight = self.ledger().and_then(|ledger| ledger.flight.as_ref());
        flight.is_some_and(|flight| flight.outcome.state() == OutcomeState::InFlight)
    }

    /// Returns the pending event of this version, which must be above the stored one of the same snapshot.
    pub(crate) fn event(&self, version: u64, deleted_at: Option<EpochMs>) -> RawEvent<'_> {
        match &self.pending {
            // An implied `Created` event, alone or before an inline touch.
            Pending::Touch { .. } | Pending::Ledger(None) if version == 1 && self.stored_version == 0 => RawEvent {
                kind: EventKind::Created,
                at: self.created_at,
                previous: None,
                reason: None,
                payload: None,
                id: None,
            },
            Pending::Touch { reason, previous } => RawEvent {
                kind: EventKind::Updated,
                at: self.updated_at,
                previous: Some(*previous),
                reason: Some(reason),
                payload: None,
                id: None,
            },
            Pending::Ledger(None) => unreachable!("nothing is pending, so no version is above the stored one"),
            Pending::Ledger(Some(ledger)) => {
                // A committed delete took a version of its own, which later touches come after.
                let index = usize::try_from(version - 1 - u64::from(self.stored_version)).unwrap_or(usize::MAX);
                let index = index - usize::from(deleted_at.is_some());
                let moved = |at: EpochMs| deleted_at.map_or(at, |deleted_at| at.max(deleted_at));
                let entry = &ledger.entries[index];
                let created = entry.kind == EventKind::Created;
                RawEvent {
                    kind: entry.kind,
                    at: moved(ledger.entries.get(index + 1).map_or(self.updated_at, |next| next.previous)),
                    previous: (!created).then_some(moved(entry.previous)),
                    reason: entry.reason.as_deref(),
                    payload: entry.payload.as_deref(),
                    id: entry.id,
                }
            }
        }
    }

    /// Forgets every pending event; the entity's caller has carried them out by other means.
    ///
    /// No columns are known to be stored with them, so a repository that is given the entity afterwards refuses it,
    /// instead of taking the missing events for nothing to do.
    pub(crate) fn forget_events(&mut self) {
        self.settle();
        if !self.is_in_flight() && self.version > self.stored_version {
            self.mark_stored(0);
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

    // What follows is the entity's side of a save; `private.rs` tells the story.

    /// Takes in what is known by now of the transaction that the entity was last saved in.
    pub(crate) fn settle(&mut self) {
        let Pending::Ledger(Some(ledger)) = &mut self.pending else { return };
        let Some(flight) = &ledger.flight else { return };
        let (attempt, deletes) = (flight.attempt, flight.deletes);
        match flight.outcome.state() {
            OutcomeState::InFlight => {}
            OutcomeState::Committed => self.store_through(attempt, deletes),
            OutcomeState::RolledBack => {
                ledger.flight = None;
                if deletes && !ledger.deletion_unknown {
                    ledger.deletion = None;
                }
            }
            OutcomeState::Unknown => {
                ledger.flight = None;
                ledger.unknown = Some(attempt);
                ledger.deletion_unknown |= deletes;
            }
        }
    }

    /// Forgets the events up to the attempt's version, and remembers the columns it wrote.
    pub(crate) fn store_through(&mut self, attempt: Attempt, deletes: bool) {
        let through = u32::try_from(attempt.version).unwrap_or(u32::MAX);
        let count = (through - self.stored_version) as usize;
        self.open_ledger();
        let Pending::Ledger(Some(ledger)) = &mut self.pending else { return };
        ledger.entries.drain(..count);
        ledger.flight = None;
        ledger.unknown = None;
        self.stored_version = through;
        self.digest = attempt.digest;
        if deletes {
            if let Some(deletion) = ledger.deletion.take() {
                self.updated_at = self.updated_at.max(deletion.at);
                for entry in &mut ledger.entries {
                    entry.previous = entry.previous.max(deletion.at);
                }
            }
            ledger.deleted = true;
            ledger.deletion_unknown = false;
            self.version = self.version.saturating_add(1);
            self.stored_version = self.stored_version.saturating_add(1);
        } else if ledger.entries.is_empty() && ledger.deletion.is_none() && !ledger.deleted {
            self.pending = Pending::Ledger(None);
        }
    }

    /// The whole entity is stored, with columns of this fingerprint.
    #[inline]
    pub(crate) fn mark_stored(&mut self, digest: u32) {
        self.digest = digest;
        self.stored_version = self.version;
        match &mut self.pending {
            Pending::Ledger(Some(ledger)) if ledger.deleted || ledger.deletion.is_some() => {
                ledger.entries.clear();
                ledger.unknown = None;
            }
            pending => *pending = Pending::Ledger(None),
        }
    }

    /// The point that a save in `current` starts from: the last known store, or the last save in the same transaction.
    pub(crate) fn base(&self, current: Option<&Arc<Outcome>>) -> Base {
        let flight = self.ledger().and_then(|ledger| ledger.flight.as_ref());
        match (flight, current) {
            (Some(flight), Some(current)) if Arc::ptr_eq(&flight.outcome, current) => {
                let deleted = flight.deletes;
                Base { version: flight.version(), digest: flight.attempt.digest, deleted }
            }
            _ => {
                let deleted = self.ledger().is_some_and(|ledger| ledger.deleted);
                Base { version: self.stored_version, digest: self.digest, deleted }
            }
        }
    }

    /// Returns `updated_at` as it was at this version, which must not be before the stored one.
    pub(crate) fn updated_at_version(&self, version: u32) -> EpochMs {
        if version == self.version {
            return self.updated_at;
        }
        let next = self.event(u64::from(version) + 1, None);
        next.previous.unwrap_or(self.created_at)
    }

    pub(crate) fn remember_ids(&mut self, base: u32, ids: &[Uuid]) {
        let skip = (base - self.stored_version) as usize;
        let ledger = self.open_ledger();
        for (entry, id) in ledger.entries[skip..].iter_mut().zip(ids) {
            entry.id = Some(*id);
        }
    }

    /// Everything up to now, written with columns of this fingerprint.
    pub(crate) fn attempt(&self, digest: u32) -> Attempt {
        Attempt { version: u64::from(self.version), digest }
    }

    pub(crate) fn begin_flight(&mut self, outcome: &Arc<Outcome>, attempt: Attempt, deletion: Option<Deletion>) {
        let ledger = self.open_ledger();
        let deletes = deletion.is_some();
        if deletes {
            ledger.deletion = deletion;
        }
        ledger.flight = Some(Flight { outcome: Arc::clone(outcome), attempt, deletes });
    }

    /// Returns whether the entity was last saved in the transaction `current`.
    pub(crate) fn is_carried_by(&self, current: &Arc<Outcome>) -> bool {
        let flight = self.ledger().and_then(|ledger| ledger.flight.as_ref());
        flight.is_some_and(|flight| Arc::ptr_eq(&flight.outcome, current))
    }

    pub(crate) fn unknown(&self) -> Option<Attempt> {
        self.ledger().and_then(|ledger| ledger.unknown)
    }

    pub(crate) fn deletion(&self) -> Option<&Deletion> {
        self.ledger().and_then(|ledger| ledger.deletion.as_ref())
    }

    /// The delete is stored. Events that came after it was tried stay pending.
    pub(crate) fn mark_deleted(&mut self, deletion: Deletion) {
        let now = self.attempt(self.digest);
        let ledger = self.open_ledger();
        let tried = ledger.unknown.filter(|_| ledger.deletion.as_ref().is_some_and(|held| held.id == deletion.id));
        ledger.deletion = Some(deletion);
        self.store_through(tried.unwrap_or(now), true);
    }

    /// The delete whose outcome was unknown did not happen, and neither did the events that were written with it.
    pub(crate) fn withdraw_deletion(&mut self) {
        if let Pending::Ledger(Some(ledger)) = &mut self.pending {
            ledger.deletion = None;
            ledger.deletion_unknown = false;
            ledger.unknown = None;
        }
    }

    /// The save whose outcome was unknown did not happen.
    pub(crate) fn forget_unknown(&mut self) {
        if let Pending::Ledger(Some(ledger)) = &mut self.pending {
            ledger.unknown = None;
        }
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

/// Where a save starts from.
pub(crate) struct Base {
    pub(crate) version: u32,
    pub(crate) digest: u32,
    pub(crate) deleted: bool,
}

/// A pending event, without the entity it belongs to.
pub(crate) struct RawEvent<'a> {
    pub(crate) kind: EventKind,
    pub(crate) at: EpochMs,
    pub(crate) previous: Option<EpochMs>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) payload: Option<&'a str>,
    pub(crate) id: Option<Uuid>,
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
