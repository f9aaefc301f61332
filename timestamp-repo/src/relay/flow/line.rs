//! The events that were read, in line until they are done.
//!
//! # Laws
//!
//! 1. Tickets are given in the order of reading, without gaps, and none is given twice.
//! 2. The events of one entity are in one lane, in that order, and only the first of a lane may be handed over: what
//!    is added to a lane, or left in it, says who comes first.
//! 3. The front of the line is an event that is not done, once [`pass_done`](Line::pass_done) was called. So a place is
//!    given out only when its event and all before it are done, and later places come later.
//! 4. What [`open`](Line::open) and [`bytes`](Line::bytes) say is counted of those that are not done.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHasher};

use super::super::storage::{EntityKey, Place};
use super::Ticket;
use crate::outbox::StoredEvent;

#[derive(Debug, Default)]
pub(super) struct Line {
    /// In the order in which they were read; `first` is the ticket of the front one.
    entries: VecDeque<Entry>,
    first: Ticket,
    /// The events of one entity that are not done: a chain through the entries. Entities are told apart by a hash; two
    /// that share one wait for each other, and that is all.
    lanes: HashMap<u64, Lane, FxBuildHasher>,
    open: usize,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// None, once it is done.
    pub(super) event: Option<Arc<StoredEvent>>,
    /// Where the relay is once this one and all before it are done; none for one that was parked and released.
    after: Option<Place>,
    lane: u64,
    /// The next of the same lane.
    next: Option<Ticket>,
    pub(super) flying: bool,
    pub(super) refusals: u32,
    /// How often it failed in a way that is not held against it.
    pub(super) troubles: u32,
    /// How many events the sink had taken when that began, and how often it failed although others were taken since.
    pub(super) taken_before: u64,
    pub(super) blamed: u32,
    /// What is wrong with the row, which is parked when it is its turn.
    pub(super) unreadable: Option<String>,
}

#[derive(Debug)]
struct Lane {
    first: Ticket,
    last: Ticket,
}

/// An event that has just left the line.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) event: Arc<StoredEvent>,
    pub(super) is_released: bool,
    pub(super) refusals: u32,
}

impl Entry {
    pub(super) fn read(event: Arc<StoredEvent>, after: Place, refusals: u32) -> Self {
        Self { after: Some(after), refusals, ..Self::released(event) }
    }

    /// Of a row that is no event: `stand_in` says only whose it would be.
    pub(super) fn unreadable(stand_in: StoredEvent, after: Place, message: String) -> Self {
        Self { unreadable: Some(message), ..Self::read(Arc::new(stand_in), after, 0) }
    }

    pub(super) fn released(event: Arc<StoredEvent>) -> Self {
        Self { lane: lane_of(&event.entity_type, &event.entity_id), event: Some(event), ..Self::empty() }
    }

    fn empty() -> Self {
        Self {
            event: None,
            after: None,
            lane: 0,
            next: None,
            flying: false,
            refusals: 0,
            troubles: 0,
            taken_before: 0,
            blamed: 0,
            unreadable: None,
        }
    }

    pub(super) fn is_released(&self) -> bool {
        self.after.is_none()
    }
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How long it is, with what is done behind something that is not.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Events that are not done.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// The bytes of their payloads.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn front(&self) -> Option<(Ticket, &Entry)> {
        self.entries.front().map(|entry| (self.first, entry))
    }

    pub(super) fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let index = usize::try_from(ticket.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index)
    }

    /// Whether events are not done that an event of this entity would have to wait for.
    pub(super) fn has_before(&self, entity: &EntityKey) -> bool {
        self.lanes.contains_key(&lane_of(&entity.entity_type, &entity.entity_id))
    }

    pub(super) fn reserve(&mut self, events: usize) {
        self.entries.reserve(events);
    }

    /// Returns the ticket, if it is the first of its lane.
    pub(super) fn push(&mut self, entry: Entry) -> Option<Ticket> {
        let ticket = self.first + self.entries.len() as u64;
        let lane = entry.lane;
        self.open += 1;
        self.bytes += entry.event.as_ref().map_or(0, |event| event.payload.len());
        self.entries.push_back(entry);
        match self.lanes.get_mut(&lane) {
            Some(chain) => {
                let last = std::mem::replace(&mut chain.last, ticket);
                if let Some(entry) = self.entry(last) {
                    entry.next = Some(ticket);
                }
                None
            }
            None => {
                self.lanes.insert(lane, Lane { first: ticket, last: ticket });
                Some(ticket)
            }
        }
    }

    /// Takes in an event that is done already.
    pub(super) fn push_done(&mut self, after: Place) {
        self.entries.push_back(Entry { after: Some(after), ..Entry::empty() });
    }

    /// The relay is at `end`, once everything that was read is done.
    pub(super) fn read_up_to(&mut self, end: Place) {
        match self.entries.back_mut().filter(|entry| !entry.is_released()) {
            Some(last) => last.after = Some(end),
            None => self.push_done(end),
        }
    }

    /// This event, the first of its lane, is done. Returns it, and who is the first now.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<(Gone, Option<Ticket>)> {
        let (gone, lane, next) = self.take(ticket)?;
        match next {
            Some(next) => {
                if let Some(chain) = self.lanes.get_mut(&lane) {
                    chain.first = next;
                }
            }
            None => {
                self.lanes.remove(&lane);
            }
        }
        Some((gone, next))
    }

    /// This event, the first of its lane, is done, and so is every later one of the same entity. Returns them in order,
    /// and who is the first now: those of another entity that shares the lane stay in it.
    pub(super) fn remove_entity(&mut self, ticket: Ticket) -> Option<(Vec<Gone>, Option<Ticket>)> {
        let (first, lane, mut next) = self.take(ticket)?;
        let mut gone = vec![first];
        let mut staying: Option<Lane> = None;
        while let Some(ticket) = next {
            let Some(entry) = self.entry(ticket) else { break };
            next = entry.next;
            let is_of_entity = entry.event.as_ref().is_some_and(|event| is_same_entity(event, &gone[0].event));
            if is_of_entity {
                gone.extend(self.take(ticket).map(|(gone, ..)| gone));
                continue;
            }
            entry.next = None;
            match &mut staying {
                None => staying = Some(Lane { first: ticket, last: ticket }),
                Some(chain) => {
                    let last = std::mem::replace(&mut chain.last, ticket);
                    if let Some(entry) = self.entry(last) {
                        entry.next = Some(ticket);
                    }
                }
            }
        }
        let first = staying.as_ref().map(|chain| chain.first);
        match staying {
            Some(chain) => self.lanes.insert(lane, chain),
            None => self.lanes.remove(&lane),
        };
        Some((gone, first))
    }

    /// Takes an event away from its entry. Returns its lane, and the next one there.
    fn take(&mut self, ticket: Ticket) -> Option<(Gone, u64, Option<Ticket>)> {
        let entry = self.entry(ticket)?;
        let event = entry.event.take()?;
        let (lane, next) = (entry.lane, entry.next);
        let gone = Gone { is_released: entry.is_released(), refusals: entry.refusals, event };
        self.open -= 1;
        self.bytes -= gone.event.payload.len();
        Some((gone, lane, next))
    }

    /// Lets the front pass until it is an event that is not done. Returns where the relay is then, if that moved.
    pub(super) fn pass_done(&mut self) -> Option<Place> {
        let mut place = None;
        while self.entries.front().is_some_and(|front| front.event.is_none())
            && let Some(entry) = self.entries.pop_front()
        {
            self.first += 1;
            place = entry.after.or(place);
        }
        place
    }
}

fn is_same_entity(one: &StoredEvent, other: &StoredEvent) -> bool {
    one.entity_id == other.entity_id && one.entity_type == other.entity_type
}

fn lane_of(entity_type: &str, entity_id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    entity_type.hash(&mut hasher);
    entity_id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
