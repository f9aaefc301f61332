//! What is taken into the flow: pages of the outbox, and events that were released.
//!
//! # Laws
//!
//! 1. An event of an entity that has parked ones is parked behind them, unless it is from before the first: then it was
//!    read before a crash, and is done.
//! 2. A row that is no event is parked when everything of its entity before it is done, and not earlier.
//! 3. A released event is taken in only if all that this program did to its entity is stored.
//! 4. The relay may move over a page when everything in it is done, also over what was not asked for at its end.

use timestamp_core::{EpochMs, EventKind};
use uuid::Uuid;

use super::super::storage::{Again, EntityKey, Fetched, Page, ParkedEntity, ToPark};
use super::line::Entry;
use super::{Flow, key};
use crate::outbox::StoredEvent;

impl Flow {
    /// Takes in a page that was read from [`read_to`](Self::read_to).
    pub(in crate::relay) fn add(&mut self, page: Page) {
        self.line.reserve(page.events.len());
        for (fetched, after) in page.events {
            match fetched {
                Fetched::Event(event) => match self.first_parked(&event) {
                    None => {
                        let refusals = self.findings.refusals(event.seq);
                        self.push(Entry::read(event, after, refusals));
                    }
                    // It is read again, after a crash; it was delivered, or the first could not have been parked.
                    Some(first) if event.seq < first => self.line.push_done(after),
                    Some(_) => {
                        let entity = key(&event);
                        self.findings.park(ToPark { seq: event.seq, entity, reason: None, refusals: 0 });
                        self.line.push_done(after);
                    }
                },
                // It waits for its turn where others of its entity come before it: parked at once, it would say that
                // those are done, and after a crash they would be skipped.
                Fetched::Unreadable { seq, entity, message }
                    if self.line.has_before(&entity) && self.findings.parked.first_of(&entity).is_none() =>
                {
                    self.push(Entry::unreadable(no_event(seq, entity), after, message));
                }
                Fetched::Unreadable { seq, entity, message } => {
                    self.findings.park(ToPark { seq, entity, reason: Some(message), refusals: 0 });
                    self.line.push_done(after);
                }
            }
        }
        if page.end != self.read_to {
            self.line.read_up_to(page.end.clone());
            self.read_to = page.end;
        }
        self.pass_done();
    }

    /// Takes in the answer to a [`Question`](super::Question): what is parked of the entities that were asked for, and then
    /// the released events, in order.
    pub(in crate::relay) fn answer(&mut self, asked: &[EntityKey], stored: &[ParkedEntity], released: Vec<Fetched>) {
        self.findings.correct(asked, stored);
        for fetched in released {
            match fetched {
                Fetched::Event(event) => {
                    let entity = key(&event);
                    if self.findings.parked.takes(&entity) {
                        self.findings.parked.sets_out(entity);
                        self.push(Entry::released(event));
                    }
                }
                Fetched::Unreadable { seq, entity, message } => {
                    // Those of its entity that come after it are not taken then.
                    if self.findings.parked.takes(&entity) {
                        self.findings.park_again(Again { seq, entity, reason: message, refusals: 0 });
                    }
                }
            }
        }
    }

    fn push(&mut self, entry: Entry) {
        if let Some(first) = self.line.push(entry) {
            self.turns.ready(first);
        }
    }

    fn first_parked(&self, event: &StoredEvent) -> Option<i64> {
        if self.findings.parked.events() == 0 {
            return None;
        }
        self.findings.parked.first_of(&key(event))
    }
}

/// Stands for a row that can not be read, and is handed to nobody.
fn no_event(seq: i64, EntityKey { entity_type, entity_id }: EntityKey) -> StoredEvent {
    StoredEvent {
        seq,
        id: Uuid::nil(),
        entity_type: entity_type.into(),
        entity_id,
        kind: EventKind::Updated,
        version: 0,
        reason: None,
        at: EpochMs::UNIX_EPOCH,
        recorded_at: EpochMs::UNIX_EPOCH,
        payload: String::new(),
        tenant_id: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    }
}
