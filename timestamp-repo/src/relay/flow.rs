//! Which event may be handed over next, and how far the relay is.
//!
//! Events are read in order, and handed over many at a time, but only one of each entity. The place of the relay moves
//! over an event when it and every one before it is done: delivered, or parked. This is the part of the relay that keeps
//! the order; it does no work of its own, and knows the time only from its caller.
//!
//! # Laws
//!
//! 1. Nothing is skipped: the place is never beyond an event that is neither delivered nor parked.
//! 2. Nothing overtakes: an event is handed over when all of its entity before it are done, and two of one entity are
//!    never on their way together. One whose entity has parked events is parked behind them.
//! 3. One entity holds up no other, for longer than it takes to park its event.
//! 4. No more is read than [`Limits`] allow and one page, and as many released events.
//!
//! # Parts
//!
//! - `line`: the events that were read, in order, and of each entity which is the first.
//! - `turns`: whose turn it is, and the pauses after failures.
//! - `findings`: what is to be kept; in it `parked`, what is kept aside.
//! - `taking_in`: what becomes of an event that comes in.
//! - `landing`: what becomes of one that was handed over.

mod findings;
mod landing;
mod line;
mod parked;
mod taking_in;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::findings::Findings;
use self::line::Line;
use self::turns::Turns;
use super::storage::{EntityKey, ParkedEntity, Place, Progress, Refusal};
use crate::outbox::StoredEvent;

/// Of one event, from when it is read until it is done and everything before it is.
pub(super) type Ticket = u64;

/// What the flow is allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Events that are handed over and not answered.
    pub(super) window: usize,
    /// Events that are read and not done. Where one event blocks them all, it is parked.
    pub(super) read_ahead: usize,
    /// The same in bytes of their payloads, beyond which no more are read.
    pub(super) read_ahead_bytes: usize,
    /// Refusals of one event until it is parked.
    pub(super) attempts: u32,
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
}

/// The events that were read and are not done.
#[derive(Debug)]
pub(super) struct Flow {
    limits: Limits,
    line: Line,
    turns: Turns,
    findings: Findings,
    read_to: Place,
    delivered: u64,
}

/// What a look at the store is to find out.
#[derive(Debug)]
pub(super) struct Question {
    /// Of these entities, what is parked.
    pub(super) asked: Vec<EntityKey>,
    /// Released events of any entity but these; none, where there is no room for more events.
    pub(super) busy: Option<Vec<EntityKey>>,
}

impl Flow {
    pub(super) fn new(limits: Limits, from: Place, parked: Vec<ParkedEntity>, refusals: Vec<Refusal>) -> Self {
        Self {
            limits,
            line: Line::default(),
            turns: Turns::default(),
            findings: Findings::new(parked, refusals),
            read_to: from,
            delivered: 0,
        }
    }

    /// Where to read on.
    pub(super) fn read_to(&self) -> &Place {
        &self.read_to
    }

    /// Whether there is room for another page.
    pub(super) fn wants_more(&self) -> bool {
        self.line.len() < self.limits.read_ahead && self.line.bytes() < self.limits.read_ahead_bytes
    }

    /// Whether everything that was read is done.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.turns.flying()
    }

    pub(super) fn waiting(&self) -> usize {
        self.line.open() - self.turns.flying()
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// The oldest event that is not done.
    pub(super) fn oldest(&self) -> Option<&StoredEvent> {
        self.line.iter().filter(|entry| entry.unreadable.is_none()).find_map(|entry| entry.event.as_deref())
    }

    pub(super) fn parked_events(&self) -> u64 {
        self.findings.parked.events()
    }

    pub(super) fn has_released_on_their_way(&self) -> bool {
        self.findings.parked.are_any_released()
    }

    /// What the store is to be asked about parked events. While it looks, nothing about them may be stored.
    pub(super) fn ask(&mut self) -> Question {
        let busy = self.wants_more().then(|| self.findings.parked.busy());
        Question { asked: self.findings.parked.ask(), busy }
    }

    /// The next event to hand over, if any may be now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Ticket, Arc<StoredEvent>)> {
        if !self.turns.are_open(now, &self.limits) {
            return None;
        }
        while let Some(ticket) = self.turns.next(now) {
            // One that was parked meanwhile is not there any more.
            let Some(entry) = self.line.entry(ticket) else { continue };
            let Some(event) = entry.event.clone() else { continue };
            if let Some(message) = entry.unreadable.take() {
                self.park(ticket, &message);
                continue;
            }
            entry.flying = true;
            self.turns.set_out();
            return Some((ticket, event));
        }
        None
    }

    /// When [`next`](Self::next) may have something that it has not now, if that depends on the time.
    pub(super) fn due(&self) -> Option<Instant> {
        self.turns.due(&self.limits)
    }

    /// What is to be kept, if anything. It is the caller's from here on.
    pub(super) fn take_progress(&mut self) -> Option<Progress> {
        self.findings.take()
    }

    /// Gives back what could not be kept.
    pub(super) fn put_back(&mut self, progress: Progress) {
        self.findings.put_back(progress);
    }

    pub(super) fn has_progress(&self) -> bool {
        !self.findings.progress().is_empty()
    }

    /// Whether something is to be kept that should not wait.
    pub(super) fn has_parked(&self) -> bool {
        let progress = self.findings.progress();
        !progress.parked.is_empty() || !progress.parked_again.is_empty()
    }

    /// Whether something about parked events is to be kept, so that what is stored of them is out of date.
    pub(super) fn has_parkings(&self) -> bool {
        self.findings.progress().has_parkings()
    }

    fn pass_done(&mut self) {
        if let Some(place) = self.line.pass_done() {
            self.findings.place(place);
        }
    }
}

fn key(event: &StoredEvent) -> EntityKey {
    EntityKey { entity_type: event.entity_type.to_string(), entity_id: event.entity_id.clone() }
}

#[cfg(test)]
mod tests;
