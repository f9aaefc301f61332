//! The entity's side of a save: where one starts from, what is in flight, and what its end does to the pending events.
//!
//! A save reads its [`Base`], gives the pending events their ids, and then does one of two things. If it knows its own
//! end, it marks the entity as stored, or leaves it as it was. If a transaction decides later, it begins a flight, which
//! holds the transaction's outcome cell; whoever asks the entity next [settles](Timestamps::settle) it:
//!
//! | outcome | events up to the attempt | a delete in it |
//! |---|---|---|
//! | in flight | pending | pending |
//! | committed | forgotten | taken in as the entity's last event |
//! | rolled back | pending | taken back, unless an earlier try of it may be stored |
//! | unknown | pending, and the attempt is remembered | kept until somebody finds out |
//!
//! `private.rs` opens these functions to repositories.

use std::sync::Arc;

use uuid::Uuid;

use super::Timestamps;
use crate::pending::{Attempt, Deletion, Flight, Outcome, OutcomeState, Pending};

/// Where a save starts from.
pub(crate) struct Base {
    pub(crate) version: u32,
    pub(crate) digest: u32,
    pub(crate) deleted: bool,
}

impl Timestamps {
    /// Returns whether a transaction that may store some of the events has not ended yet.
    pub(crate) fn is_in_flight(&self) -> bool {
        let flight = self.ledger().and_then(|ledger| ledger.flight.as_ref());
        flight.is_some_and(|flight| flight.outcome.state() == OutcomeState::InFlight)
    }

    /// Takes in what is known by now of the transaction that the entity was last saved in.
    pub(crate) fn settle(&mut self) {
        let Pending::Ledger(Some(ledger)) = &mut self.pending else { return };
        if ledger.loaded_in.as_ref().is_some_and(|outcome| outcome.state() == OutcomeState::Committed) {
            ledger.loaded_in = None;
        }
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

    /// The entity was loaded in a transaction that has not ended: if that is rolled back, what was loaded never was.
    pub(crate) fn set_loaded_in(&mut self, outcome: &Arc<Outcome>) {
        self.open_ledger().loaded_in = Some(Arc::clone(outcome));
    }

    /// Returns the transaction that the entity was loaded in, unless it is known to have committed.
    pub(crate) fn loaded_in(&self) -> Option<&Arc<Outcome>> {
        self.ledger().and_then(|ledger| ledger.loaded_in.as_ref())
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
}
