//! Which event may be handed over next, and how far the relay is.
//!
//! Events are read in order, and handed over many at a time, but only one of each entity. The place of the relay moves
//! over an event when it and every one before it is done: delivered, or parked. This is the part of the relay that keeps
//! the order; it does no work of its own, and knows the time only from its caller.

mod parked;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::{FxBuildHasher, FxHasher};
use timestamp_core::{EpochMs, EventKind};
use tokio::time::Instant;
use uuid::Uuid;

use self::parked::Parked;
use super::storage::{Again, EntityKey, Fetched, Page, ParkedEntity, Place, Progress, Refusal, ToPark};
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
    /// In the order in which they were read; `first` is the ticket of the front one.
    entries: VecDeque<Entry>,
    first: Ticket,
    /// The events of one entity that are not done: a chain through the entries. Entities are told apart by a hash; two
    /// that share one wait for each other, and that is all.
    lanes: HashMap<u64, Lane, FxBuildHasher>,
    ready: VecDeque<Ticket>,
    retries: BinaryHeap<Reverse<(Instant, Ticket)>>,
    flying: usize,
    /// While the sink is away: until when nothing is handed over, and how long the next pause is.
    away: Option<Away>,
    read_to: Place,
    parked: Parked,
    refusals: HashMap<i64, u32, FxBuildHasher>,
    progress: Progress,
    delivered: u64,
    /// Entries that are not done.
    open: usize,
    /// Of those, the bytes of the payloads.
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    event: Option<Arc<StoredEvent>>,
    lane: u64,
    /// The next of the same entity.
    next: Option<Ticket>,
    /// Where the relay is once this one and all before it are done; none for one that was parked before.
    after: Option<Place>,
    /// How often it failed in a way that is not held against it.
    troubles: u32,
    /// How many events the sink had taken when that began, and how often it failed although others were taken since.
    taken_before: u64,
    blamed: u32,
    refusals: u32,
    flying: bool,
    /// It comes from the parked ones.
    released: bool,
    /// What is wrong with the row, which is parked when it is its turn.
    unreadable: Option<String>,
}

#[derive(Debug)]
struct Lane {
    first: Ticket,
    last: Ticket,
}

#[derive(Debug)]
struct Away {
    until: Instant,
    pause: Duration,
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
            entries: VecDeque::new(),
            first: 0,
            lanes: HashMap::default(),
            ready: VecDeque::new(),
            retries: BinaryHeap::new(),
            flying: 0,
            away: None,
            read_to: from,
            parked: Parked::new(parked),
            refusals: refusals.into_iter().map(|refusal| (refusal.seq, refusal.times)).collect(),
            progress: Progress::default(),
            delivered: 0,
            open: 0,
            bytes: 0,
        }
    }

    /// Where to read on.
    pub(super) fn read_to(&self) -> &Place {
        &self.read_to
    }

    /// Whether there is room for another page.
    pub(super) fn wants_more(&self) -> bool {
        self.entries.len() < self.limits.read_ahead && self.bytes < self.limits.read_ahead_bytes
    }

    /// Whether everything that was read is done.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flying
    }

    pub(super) fn waiting(&self) -> usize {
        self.open - self.flying
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// The oldest event that is not done.
    pub(super) fn oldest(&self) -> Option<&StoredEvent> {
        self.entries.iter().filter(|entry| entry.unreadable.is_none()).find_map(|entry| entry.event.as_deref())
    }

    pub(super) fn parked_events(&self) -> u64 {
        self.parked.events()
    }

    pub(super) fn has_released_on_their_way(&self) -> bool {
        self.parked.are_any_released()
    }

    /// What the store is to be asked about parked events. While it looks, nothing about them may be stored.
    pub(super) fn ask(&mut self) -> Question {
        Question { asked: self.parked.ask(), busy: self.wants_more().then(|| self.parked.busy()) }
    }

    /// Takes in the answer: what is parked of the entities that were asked for, and then the released events, in order.
    pub(super) fn answer(&mut self, asked: &[EntityKey], stored: &[ParkedEntity], released: Vec<Fetched>) {
        let unstored: Vec<_> = self.progress.parked.iter().map(|it| (it.entity.clone(), it.seq)).collect();
        self.parked.correct(asked, stored, &unstored);
        for fetched in released {
            match fetched {
                Fetched::Event(event) => {
                    let entity = key(&event);
                    if self.parked.takes(&entity) {
                        self.parked.sets_out(entity);
                        self.push(event, None, true);
                    }
                }
                Fetched::Unreadable { seq, entity, message } => {
                    // Those of its entity that come after it are not taken then.
                    if self.parked.takes(&entity) {
                        self.park_again(Again { seq, entity, reason: message, refusals: 0 });
                    }
                }
            }
        }
    }

    /// Takes in a page that was read from [`read_to`](Self::read_to).
    pub(super) fn add(&mut self, page: Page) {
        self.entries.reserve(page.events.len());
        for (fetched, after) in page.events {
            match fetched {
                Fetched::Event(event) => match self.first_parked(&event) {
                    None => self.push(event, Some(after), false),
                    // It is read again, after a crash; it was delivered, or the first could not have been parked.
                    Some(first) if event.seq < first => self.push_done(after),
                    Some(_) => {
                        self.park(&event, None, 0);
                        self.push_done(after);
                    }
                },
                // It waits for its turn where others of its entity come before it: parked at once, it would say that
                // those are done, and after a crash they would be skipped.
                Fetched::Unreadable { seq, entity, message }
                    if self.lanes.contains_key(&lane_of(&entity.entity_type, &entity.entity_id))
                        && self.parked.first_of(&entity).is_none() =>
                {
                    self.push(Arc::new(no_event(seq, entity)), Some(after), false);
                    if let Some(entry) = self.entries.back_mut() {
                        entry.unreadable = Some(message);
                    }
                }
                Fetched::Unreadable { seq, entity, message } => {
                    self.park_row(seq, entity, Some(message), 0);
                    self.push_done(after);
                }
            }
        }
        if page.end != self.read_to {
            // The last entry carries the relay to the end of the page.
            match self.entries.back_mut().filter(|entry| entry.after.is_some()) {
                Some(last) => last.after = Some(page.end.clone()),
                None => self.push_done(page.end.clone()),
            }
            self.read_to = page.end;
        }
        self.advance();
    }

    fn push(&mut self, event: Arc<StoredEvent>, after: Option<Place>, released: bool) {
        let ticket = self.first + self.entries.len() as u64;
        let lane = lane_of(&event.entity_type, &event.entity_id);
        let refusals =
            if self.refusals.is_empty() || released { 0 } else { self.refusals.get(&event.seq).copied().unwrap_or(0) };
        let event = Some(event);
        self.open += 1;
        self.bytes += event.as_ref().map_or(0, |event| event.payload.len());
        self.entries.push_back(Entry {
            event,
            lane,
            next: None,
            after,
            troubles: 0,
            taken_before: 0,
            blamed: 0,
            refusals,
            flying: false,
            released,
            unreadable: None,
        });
        match self.lanes.get_mut(&lane) {
            Some(chain) => {
                let last = std::mem::replace(&mut chain.last, ticket);
                if let Some(entry) = self.entry(last) {
                    entry.next = Some(ticket);
                }
            }
            None => {
                self.lanes.insert(lane, Lane { first: ticket, last: ticket });
                self.ready.push_back(ticket);
            }
        }
    }

    fn push_done(&mut self, after: Place) {
        self.entries.push_back(Entry {
            event: None,
            lane: 0,
            next: None,
            after: Some(after),
            troubles: 0,
            taken_before: 0,
            blamed: 0,
            refusals: 0,
            flying: false,
            released: false,
            unreadable: None,
        });
    }

    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let index = usize::try_from(ticket.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index)
    }

    /// The next event to hand over, if any may be now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Ticket, Arc<StoredEvent>)> {
        let window = match &self.away {
            Some(away) if now < away.until => return None,
            // One event finds out whether the sink is back.
            Some(_) => 1,
            None => self.limits.window,
        };
        if self.flying >= window {
            return None;
        }
        while let Some(Reverse((due, ticket))) = self.retries.peek().copied()
            && due <= now
        {
            self.retries.pop();
            self.ready.push_back(ticket);
        }
        while let Some(ticket) = self.ready.pop_front() {
            // One that was parked meanwhile is not there any more.
            let Some(entry) = self.entry(ticket) else { continue };
            let Some(event) = entry.event.clone() else { continue };
            if let Some(message) = entry.unreadable.take() {
                self.park_lane(ticket, &message);
                continue;
            }
            entry.flying = true;
            self.flying += 1;
            return Some((ticket, event));
        }
        None
    }

    /// When [`next`](Self::next) may have something that it has not now, if that depends on the time.
    pub(super) fn due(&self) -> Option<Instant> {
        let retry = self.retries.peek().map(|Reverse((due, _))| *due);
        match &self.away {
            Some(_) if self.flying > 0 => None,
            Some(away) if self.ready.is_empty() => retry.map(|due| due.max(away.until)),
            Some(away) => Some(away.until),
            // An answer makes room, and no time does.
            None if self.flying >= self.limits.window => None,
            None => retry,
        }
    }

    /// The sink has taken the event.
    pub(super) fn taken(&mut self, ticket: Ticket) {
        self.away = None;
        let Some(event) = self.land(ticket) else { return };
        self.delivered += 1;
        if self.entry(ticket).is_some_and(|entry| entry.released) {
            self.progress.delivered_from_parking.push(event.seq);
            self.parked.delivered(&key(&event), event.seq);
        } else {
            self.forget_refusals(event.seq);
        }
        self.done(ticket);
    }

    /// The sink is away: everything waits. Returns whether it was there before.
    pub(super) fn away(&mut self, ticket: Ticket, now: Instant) -> bool {
        if self.land(ticket).is_none() {
            return false;
        }
        self.ready.push_front(ticket);
        match &mut self.away {
            // Several were on their way when it went; only the first counts.
            Some(away) if now < away.until => false,
            Some(away) => {
                away.pause = (away.pause * 2).min(self.limits.longest_pause);
                away.until = now + away.pause;
                false
            }
            None => {
                let pause = self.limits.first_pause;
                self.away = Some(Away { until: now + pause, pause });
                true
            }
        }
    }

    /// The sink did not answer as a sink does: it panicked, or not in time. Not held against the event.
    /// Returns it.
    pub(super) fn troubled(&mut self, ticket: Ticket, now: Instant) -> Option<Arc<StoredEvent>> {
        let event = self.land(ticket)?;
        let Limits { first_pause, longest_pause, .. } = self.limits;
        let delivered = self.delivered;
        if let Some(entry) = self.entry(ticket) {
            if entry.troubles == 0 {
                entry.taken_before = delivered;
            }
            entry.blamed += u32::from(delivered > entry.taken_before);
            entry.troubles += 1;
            let due = now + pause(first_pause, longest_pause, entry.troubles);
            self.retries.push(Reverse((due, ticket)));
        }
        Some(event)
    }

    /// The sink refused the event. Returns whether it is parked now, with those of its entity that follow.
    pub(super) fn refused(&mut self, ticket: Ticket, reason: &str, forever: bool, now: Instant) -> bool {
        self.away = None;
        let Some(event) = self.land(ticket) else { return false };
        let Limits { first_pause, longest_pause, attempts, .. } = self.limits;
        let Some(entry) = self.entry(ticket) else { return false };
        entry.refusals += 1;
        let refusals = entry.refusals;
        if forever || refusals >= attempts {
            self.park_lane(ticket, reason);
            return true;
        }
        if !entry.released {
            self.progress.refusals.retain(|refusal| refusal.seq != event.seq);
            self.progress.refusals.push(Refusal { seq: event.seq, times: refusals });
            self.refusals.insert(event.seq, refusals);
        }
        let due = now + pause(first_pause, longest_pause, refusals);
        self.retries.push(Reverse((due, ticket)));
        false
    }

    /// Parks the event that everything waits for, if nothing more can be read because of it: it has failed again and
    /// again in a way that is not held against it, while the sink took others. Returns it.
    pub(super) fn park_blocker(&mut self) -> Option<Arc<StoredEvent>> {
        let front = self.entries.front()?;
        if self.wants_more() || front.flying || front.blamed < self.limits.attempts {
            return None;
        }
        let event = front.event.clone()?;
        self.park_lane(self.first, "the sink panicked or did not answer, and all other events were waiting");
        Some(event)
    }

    /// What is to be kept, if anything. It is the caller's from here on.
    pub(super) fn take_progress(&mut self) -> Option<Progress> {
        if self.progress.is_empty() {
            return None;
        }
        self.parked.begin_keeping();
        Some(std::mem::take(&mut self.progress))
    }

    /// Gives back what could not be kept. Nothing, where only the lease was to be renewed: what was kept before that is.
    pub(super) fn put_back(&mut self, mut progress: Progress) {
        if progress.is_empty() {
            return;
        }
        self.parked.put_back();
        let newer = std::mem::take(&mut self.progress);
        progress.place = newer.place.or(progress.place);
        progress.parked.extend(newer.parked);
        progress.delivered_from_parking.extend(newer.delivered_from_parking);
        progress.parked_again.extend(newer.parked_again);
        progress.refusals.retain(|old| newer.refusals.iter().all(|refusal| refusal.seq != old.seq));
        progress.refusals.extend(newer.refusals);
        self.progress = progress;
    }

    pub(super) fn has_progress(&self) -> bool {
        !self.progress.is_empty()
    }

    /// Whether something is to be kept that should not wait.
    pub(super) fn has_parked(&self) -> bool {
        !self.progress.parked.is_empty() || !self.progress.parked_again.is_empty()
    }

    /// Whether something about parked events is to be kept, so that what is stored of them is out of date.
    pub(super) fn has_parkings(&self) -> bool {
        self.progress.has_parkings()
    }

    /// The answer for this event is there; it is not in flight any more.
    fn land(&mut self, ticket: Ticket) -> Option<Arc<StoredEvent>> {
        let entry = self.entry(ticket).filter(|entry| entry.flying)?;
        entry.flying = false;
        let event = entry.event.clone();
        self.flying -= 1;
        event
    }

    /// This event is done: the next of its entity may go.
    fn done(&mut self, ticket: Ticket) {
        let Some(entry) = self.entry(ticket) else { return };
        let Some(event) = entry.event.take() else { return };
        let (lane, next, released) = (entry.lane, entry.next, entry.released);
        self.close(&event, released);
        match next {
            Some(next) => {
                if let Some(chain) = self.lanes.get_mut(&lane) {
                    chain.first = next;
                }
                self.ready.push_back(next);
            }
            None => {
                self.lanes.remove(&lane);
            }
        }
        self.advance();
    }

    fn close(&mut self, event: &StoredEvent, released: bool) {
        self.open -= 1;
        self.bytes -= event.payload.len();
        if released {
            self.parked.arrives(&key(event));
        }
    }

    fn advance(&mut self) {
        while let Some(front) = self.entries.front()
            && front.event.is_none()
        {
            if let Some(entry) = self.entries.pop_front() {
                self.first += 1;
                if entry.after.is_some() {
                    self.progress.place = entry.after;
                }
            }
        }
    }

    /// Parks an event, the first of its lane, and every later one of the same entity that was read.
    fn park_lane(&mut self, ticket: Ticket, reason: &str) {
        let Some(entry) = self.entry(ticket) else { return };
        let (released, refusals) = (entry.released, entry.refusals);
        let Some(first) = entry.event.take() else { return };
        let (lane, mut next) = (entry.lane, entry.next);
        self.close(&first, released);
        if released {
            self.park_again(Again { seq: first.seq, entity: key(&first), reason: reason.to_owned(), refusals });
        } else {
            self.park(&first, Some(reason.to_owned()), refusals);
        }
        // Those of another entity that shares the lane stay in it.
        let mut staying: Option<Lane> = None;
        while let Some(ticket) = next {
            let Some(entry) = self.entry(ticket) else { break };
            next = entry.next.take();
            let Some(event) = entry.event.clone() else { continue };
            if event.entity_id == first.entity_id && event.entity_type == first.entity_type {
                entry.event = None;
                let released = entry.released;
                self.close(&event, released);
                if !released {
                    self.park(&event, None, 0);
                }
                continue;
            }
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
        match staying {
            Some(chain) => {
                self.ready.push_back(chain.first);
                self.lanes.insert(lane, chain);
            }
            None => {
                self.lanes.remove(&lane);
            }
        }
        self.advance();
    }

    fn forget_refusals(&mut self, seq: i64) {
        if !self.refusals.is_empty() && self.refusals.remove(&seq).is_some() {
            self.progress.refusals.retain(|refusal| refusal.seq != seq);
            self.progress.refusals.push(Refusal { seq, times: 0 });
        }
    }

    fn first_parked(&self, event: &StoredEvent) -> Option<i64> {
        if self.parked.events() == 0 {
            return None;
        }
        self.parked.first_of(&key(event))
    }

    fn park(&mut self, event: &StoredEvent, reason: Option<String>, refusals: u32) {
        self.park_row(event.seq, key(event), reason, refusals);
    }

    fn park_row(&mut self, seq: i64, entity: EntityKey, reason: Option<String>, refusals: u32) {
        self.forget_refusals(seq);
        self.parked.park(entity.clone(), seq);
        self.progress.parked.push(ToPark { seq, entity, reason, refusals });
    }

    fn park_again(&mut self, again: Again) {
        self.parked.parked_again(&again.entity);
        self.progress.parked_again.push(again);
    }
}

fn key(event: &StoredEvent) -> EntityKey {
    EntityKey { entity_type: event.entity_type.to_string(), entity_id: event.entity_id.clone() }
}

fn lane_of(entity_type: &str, entity_id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    entity_type.hash(&mut hasher);
    entity_id.hash(&mut hasher);
    hasher.finish()
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

/// Twice as long after each failure.
fn pause(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX)).min(longest)
}

#[cfg(test)]
mod tests;
