//! `RawEvent`: a pending event as the timestamps hold it, with what its place among the others implies.

use uuid::Uuid;

use super::Timestamps;
use crate::pending::Pending;
use crate::{EpochMs, EventKind};

/// A pending event, without the entity it belongs to.
pub(crate) struct RawEvent<'a> {
    pub(crate) kind: EventKind,
    pub(crate) at: EpochMs,
    pub(crate) previous: Option<EpochMs>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) payload: Option<&'a str>,
    pub(crate) id: Option<Uuid>,
}

impl Timestamps {
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

    /// Returns `updated_at` as it was at this version, which must not be before the stored one.
    pub(crate) fn updated_at_version(&self, version: u32) -> EpochMs {
        if version == self.version {
            return self.updated_at;
        }
        let next = self.event(u64::from(version) + 1, None);
        next.previous.unwrap_or(self.created_at)
    }
}
