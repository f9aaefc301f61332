//! What is kept aside, as far as the order depends on it: of which entities, and how many events of each.
//!
//! The leader alone parks, so nothing is parked that is not known here. Others take away: they release events, which is
//! looked for by themselves, and give some up. The latter is found out by asking the store for a few entities at a time,
//! in turns. Until then more is believed to be parked than is, and the next event of such an entity takes a detour; it
//! never overtakes one.
//!
//! # Laws
//!
//! 1. Of each entity at least as many events are counted as are parked, stored or not; what is counted of all is the sum.
//! 2. What an entity has before the first of its parked events is done.
//! 3. What the store says of an entity is believed only if nothing that was taken away from it waits to be stored.
//! 4. Every entity has its turn to be asked for, and few are asked for at a time.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::super::storage::{EntityKey, ParkedEntity};

/// Events of the entities that are asked for at a time, if it is more than one.
const ASKED: u64 = 2_000;

/// Counts what happens to parked events, so that it can be told what came before.
type Stamp = u64;

#[derive(Debug, Default)]
pub(super) struct Parked {
    entities: BTreeMap<EntityKey, Kept>,
    /// Of all of them.
    events: u64,
    /// Released events that are on their way, by entity.
    released: HashMap<EntityKey, usize>,
    /// The entity that was asked for last.
    asked: Option<EntityKey>,
    now: Stamp,
    /// Whatever was taken away since then is not stored; and what is being stored.
    unkept: Option<Stamp>,
    in_keeping: Option<Stamp>,
    /// Entities of which nothing is left, which is not stored; and is being stored.
    emptied: Vec<EntityKey>,
    emptied_in_keeping: Vec<EntityKey>,
}

/// What is kept aside of one entity.
#[derive(Clone, Copy, Debug)]
struct Kept {
    events: u64,
    /// Events with smaller numbers are done.
    first: i64,
    /// When the leader last took something away.
    taken_away: Stamp,
}

impl Parked {
    pub(super) fn new(stored: Vec<ParkedEntity>) -> Self {
        let events = stored.iter().map(|entity| entity.events).sum();
        let kept = |it: ParkedEntity| (it.entity, Kept { events: it.events, first: it.first, taken_away: 0 });
        Self { entities: stored.into_iter().map(kept).collect(), events, ..Self::default() }
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// The number before which everything of an entity is done; none, if nothing of it is parked.
    pub(super) fn first_of(&self, entity: &EntityKey) -> Option<i64> {
        self.entities.get(entity).filter(|kept| kept.events > 0).map(|kept| kept.first)
    }

    pub(super) fn park(&mut self, entity: EntityKey, seq: i64) {
        let kept = self.entities.entry(entity).or_insert(Kept { events: 0, first: seq, taken_away: 0 });
        if kept.events == 0 {
            kept.first = seq;
        }
        kept.events += 1;
        self.events += 1;
    }

    /// Whether a row that the store has as released may be handed over: what this program did to its entity is stored.
    pub(super) fn takes(&self, entity: &EntityKey) -> bool {
        self.entities.get(entity).is_none_or(|kept| !self.is_unkept(kept))
    }

    pub(super) fn sets_out(&mut self, entity: EntityKey) {
        *self.released.entry(entity).or_default() += 1;
    }

    /// A released event is not on its way any more.
    pub(super) fn arrives(&mut self, entity: &EntityKey) {
        if let Some(count) = self.released.get_mut(entity) {
            *count -= 1;
            if *count == 0 {
                self.released.remove(entity);
            }
        }
    }

    /// A released event was delivered.
    pub(super) fn delivered(&mut self, entity: &EntityKey, seq: i64) {
        let taken_away = self.take_away();
        let Some(kept) = self.entities.get_mut(entity) else { return };
        self.events -= kept.events.min(1);
        *kept =
            Kept { events: kept.events.saturating_sub(1), first: kept.first.max(seq.saturating_add(1)), taken_away };
        if kept.events == 0 {
            // It stays until that is stored, or what is stored would be believed.
            self.emptied.push(entity.clone());
        }
    }

    /// Those of an entity are not released any more.
    pub(super) fn parked_again(&mut self, entity: &EntityKey) {
        let taken_away = self.take_away();
        if let Some(kept) = self.entities.get_mut(entity) {
            kept.taken_away = taken_away;
        }
    }

    fn take_away(&mut self) -> Stamp {
        self.now += 1;
        self.unkept.get_or_insert(self.now);
        self.now
    }

    fn is_unkept(&self, kept: &Kept) -> bool {
        self.unkept.is_some_and(|since| kept.taken_away >= since)
    }

    /// Everything up to now is being stored. What was before, is.
    pub(super) fn begin_keeping(&mut self) {
        for entity in std::mem::replace(&mut self.emptied_in_keeping, std::mem::take(&mut self.emptied)) {
            if self.entities.get(&entity).is_some_and(|kept| kept.events == 0) {
                self.entities.remove(&entity);
            }
        }
        self.in_keeping = self.unkept.take();
    }

    /// It could not be stored.
    pub(super) fn put_back(&mut self) {
        self.unkept = self.in_keeping.take().or(self.unkept);
        self.emptied.append(&mut self.emptied_in_keeping);
    }

    pub(super) fn are_any_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// Entities with released events on their way.
    pub(super) fn busy(&self) -> Vec<EntityKey> {
        self.released.keys().cloned().collect()
    }

    /// The next few entities, of which the store is to say what is left.
    pub(super) fn ask(&mut self) -> Vec<EntityKey> {
        let (mut asked, mut events) = (Vec::new(), 0);
        let after = self.asked.take().map_or(Bound::Unbounded, Bound::Excluded);
        for (entity, kept) in self.entities.range((after, Bound::Unbounded)) {
            if events > 0 && events + kept.events > ASKED {
                self.asked = asked.last().cloned();
                break;
            }
            events += kept.events.max(1);
            asked.push(entity.clone());
        }
        asked
    }

    /// Takes in what the store said. `unstored` are events that were parked and not stored when it was asked, or since.
    pub(super) fn correct(&mut self, asked: &[EntityKey], stored: &[ParkedEntity], unstored: &[(EntityKey, i64)]) {
        let mut left: HashMap<&EntityKey, Kept> = HashMap::with_capacity(stored.len());
        for it in stored {
            left.insert(&it.entity, Kept { events: it.events, first: it.first, taken_away: 0 });
        }
        for (entity, seq) in unstored {
            let kept = left.entry(entity).or_insert(Kept { events: 0, first: *seq, taken_away: 0 });
            kept.events += 1;
            kept.first = kept.first.min(*seq);
        }
        for entity in asked {
            // Deliveries that are not stored can not be told from events that were given up.
            let Some(known) = self.entities.get(entity).copied() else { continue };
            if self.is_unkept(&known) || self.released.contains_key(entity) {
                continue;
            }
            self.events -= known.events;
            match left.remove(entity) {
                Some(kept) => {
                    self.events += kept.events;
                    self.entities.insert(entity.clone(), Kept { taken_away: known.taken_away, ..kept });
                }
                None => {
                    self.entities.remove(entity);
                }
            }
        }
    }
}
