//! What becomes of an event that was handed over, by what the sink answered.
//!
//! # Laws
//!
//! 1. An event lands once for each time that it was handed over; an answer to one that is not on its way changes nothing.
//! 2. When an event is done, the next of its lane is ready, and nobody else becomes so.
//! 3. Only refusals are held against an event. It is parked after so many as are allowed, or when it is the one that
//!    everything waits for; those of its entity that were read after it are parked with it, in order.

use std::sync::Arc;

use tokio::time::Instant;

use super::super::storage::{Again, ToPark};
use super::line::Gone;
use super::{Flow, Ticket, key};
use crate::outbox::StoredEvent;

impl Flow {
    /// The sink has taken the event.
    pub(in crate::relay) fn taken(&mut self, ticket: Ticket) {
        self.turns.is_there();
        if self.land(ticket).is_none() {
            return;
        }
        self.delivered += 1;
        let Some((gone, next)) = self.line.remove(ticket) else { return };
        if gone.is_released {
            let entity = key(&gone.event);
            self.findings.delivered_from_parking(&entity, gone.event.seq);
            self.findings.parked.arrives(&entity);
        } else {
            self.findings.delivered(gone.event.seq);
        }
        if let Some(next) = next {
            self.turns.ready(next);
        }
        self.pass_done();
    }

    /// The sink is away: everything waits. Returns whether it was there before.
    pub(in crate::relay) fn away(&mut self, ticket: Ticket, now: Instant) -> bool {
        self.land(ticket).is_some() && self.turns.is_away(ticket, now, &self.limits)
    }

    /// The sink did not answer as a sink does: it panicked, or not in time. Not held against the event.
    /// Returns it.
    pub(in crate::relay) fn troubled(&mut self, ticket: Ticket, now: Instant) -> Option<Arc<StoredEvent>> {
        let event = self.land(ticket)?;
        let entry = self.line.entry(ticket)?;
        if entry.troubles == 0 {
            entry.taken_before = self.delivered;
        }
        entry.blamed += u32::from(self.delivered > entry.taken_before);
        entry.troubles += 1;
        self.turns.again(ticket, entry.troubles, now, &self.limits);
        Some(event)
    }

    /// The sink refused the event. Returns whether it is parked now, with those of its entity that follow.
    pub(in crate::relay) fn refused(&mut self, ticket: Ticket, reason: &str, forever: bool, now: Instant) -> bool {
        self.turns.is_there();
        let Some(event) = self.land(ticket) else { return false };
        let Some(entry) = self.line.entry(ticket) else { return false };
        entry.refusals += 1;
        let (refusals, is_released) = (entry.refusals, entry.is_released());
        if forever || refusals >= self.limits.attempts {
            self.park(ticket, reason);
            return true;
        }
        if !is_released {
            self.findings.refused(event.seq, refusals);
        }
        self.turns.again(ticket, refusals, now, &self.limits);
        false
    }

    /// Parks the event that everything waits for, if nothing more can be read because of it: it has failed again and
    /// again in a way that is not held against it, while the sink took others. Returns it.
    pub(in crate::relay) fn park_blocker(&mut self) -> Option<Arc<StoredEvent>> {
        let (ticket, front) = self.line.front()?;
        if self.wants_more() || front.flying || front.blamed < self.limits.attempts {
            return None;
        }
        let event = front.event.clone()?;
        self.park(ticket, "the sink panicked or did not answer, and all other events were waiting");
        Some(event)
    }

    /// The answer for this event is there; it is not in flight any more.
    fn land(&mut self, ticket: Ticket) -> Option<Arc<StoredEvent>> {
        let entry = self.line.entry(ticket).filter(|entry| entry.flying)?;
        entry.flying = false;
        self.turns.land();
        entry.event.clone()
    }

    /// Parks an event, the first of its lane, and every later one of the same entity that was read.
    pub(super) fn park(&mut self, ticket: Ticket, reason: &str) {
        let Some((gone, next)) = self.line.remove_entity(ticket) else { return };
        let mut reason = Some(reason.to_owned());
        for Gone { event, is_released, refusals } in gone {
            let (seq, entity) = (event.seq, key(&event));
            if is_released {
                self.findings.parked.arrives(&entity);
            }
            match (is_released, reason.take()) {
                // With it, the store parks those of its entity that were released.
                (true, Some(reason)) => self.findings.park_again(Again { seq, entity, reason, refusals }),
                (true, None) => {}
                (false, Some(reason)) => {
                    self.findings.park(ToPark { seq, entity, reason: Some(reason), refusals });
                }
                (false, None) => self.findings.park(ToPark { seq, entity, reason: None, refusals: 0 }),
            }
        }
        if let Some(next) = next {
            self.turns.ready(next);
        }
        self.pass_done();
    }
}
