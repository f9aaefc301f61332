//! The flow against a world of events, sinks that refuse, crashes and people who release: whatever happens, nothing is
//! skipped and nothing overtakes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use timestamp_core::{EpochMs, EventKind};
use uuid::Uuid;

use super::super::storage::{Fetched, Page};
use super::*;

const LIMITS: Limits = Limits {
    window: 3,
    read_ahead: 12,
    read_ahead_bytes: usize::MAX,
    attempts: 3,
    first_pause: Duration::from_millis(10),
    longest_pause: Duration::from_secs(1),
};

const ENTITIES: i64 = 4;

#[derive(Clone, Debug)]
enum Step {
    /// Events of these entities are stored.
    Store(Vec<i64>),
    Read(u32),
    /// The flow is asked for an event to hand over.
    HandOver,
    /// The sink answers one of those in flight.
    Answer(usize, Answer),
    /// What was found out is kept; `false`: that fails.
    Keep(bool),
    Wait(u64),
    /// The store is asked about parked events, and has answered.
    Look,
    Looked,
    Release(i64),
    /// The first parked event of an entity is given up.
    Discard(i64),
    ReleaseAll,
    Crash,
    ParkBlocker,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Taken,
    Refused,
    Unacceptable,
    Away,
    Trouble,
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        6 => Just(Answer::Taken),
        2 => Just(Answer::Refused),
        1 => Just(Answer::Unacceptable),
        1 => Just(Answer::Away),
        1 => Just(Answer::Trouble),
    ];
    prop_oneof![
        3 => prop::collection::vec(0..ENTITIES, 1..5).prop_map(Step::Store),
        4 => (1_u32..5).prop_map(Step::Read),
        8 => Just(Step::HandOver),
        8 => (0_usize..4, answer).prop_map(|(which, answer)| Step::Answer(which, answer)),
        3 => prop::bool::weighted(0.8).prop_map(Step::Keep),
        2 => (1_u64..100).prop_map(Step::Wait),
        2 => Just(Step::Look),
        2 => Just(Step::Looked),
        1 => (0..ENTITIES).prop_map(Step::Release),
        1 => (0..ENTITIES).prop_map(Step::Discard),
        1 => Just(Step::ReleaseAll),
        1 => Just(Step::Crash),
        1 => Just(Step::ParkBlocker),
    ]
}

/// What a database knows of a parked event.
#[derive(Clone, Debug)]
struct Row {
    entity: i64,
    reason: Option<String>,
    released: bool,
}

struct World {
    /// Entity by number; numbers begin at 1.
    stored: Vec<i64>,
    flow: Flow,
    in_flight: Vec<(Ticket, Arc<StoredEvent>)>,
    delivered: BTreeSet<i64>,
    given_up: BTreeSet<i64>,
    /// What was asked, and what of it was known when the look began.
    looking: Option<(Question, Vec<ParkedEntity>)>,
    now: Instant,
    // As kept in the database:
    place: Place,
    parked: BTreeMap<i64, Row>,
    refusals: BTreeMap<i64, u32>,
}

impl World {
    fn new() -> Self {
        Self {
            stored: Vec::new(),
            flow: Flow::new(LIMITS, Place::default(), Vec::new(), Vec::new()),
            in_flight: Vec::new(),
            delivered: BTreeSet::new(),
            given_up: BTreeSet::new(),
            looking: None,
            now: Instant::now(),
            place: Place::default(),
            parked: BTreeMap::new(),
            refusals: BTreeMap::new(),
        }
    }

    fn event(&self, seq: i64) -> StoredEvent {
        let entity = self.entity(seq);
        StoredEvent {
            seq,
            id: Uuid::nil(),
            entity_type: "Task".into(),
            entity_id: entity.to_string(),
            kind: EventKind::Updated,
            version: 1,
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

    fn entity(&self, seq: i64) -> i64 {
        self.stored[usize::try_from(seq).unwrap() - 1]
    }

    fn is_done(&self, seq: i64) -> bool {
        self.delivered.contains(&seq) || self.given_up.contains(&seq)
    }

    fn earlier_of_entity(&self, seq: i64) -> impl Iterator<Item = i64> + '_ {
        let entity = self.entity(seq);
        (1..seq).filter(move |earlier| self.entity(*earlier) == entity)
    }

    fn entities(&self) -> Vec<ParkedEntity> {
        let mut entities = BTreeMap::<i64, ParkedEntity>::new();
        for (seq, row) in &self.parked {
            let entity = entities.entry(row.entity).or_insert(ParkedEntity {
                entity: key_of(row.entity),
                events: 0,
                first: *seq,
            });
            entity.events += 1;
        }
        entities.into_values().collect()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Store(entities) => self.stored.extend(entities),
            Step::Read(limit) => self.read(limit),
            Step::HandOver => self.hand_over(),
            Step::Answer(which, answer) if which < self.in_flight.len() => {
                let (ticket, event) = self.in_flight.remove(which);
                self.answer(ticket, &event, answer);
            }
            Step::Answer(..) => {}
            Step::Keep(works) => self.keep(works),
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
            Step::Look => self.look(),
            Step::Looked => self.looked(),
            Step::Release(entity) => {
                self.parked.values_mut().filter(|row| row.entity == entity).for_each(|row| row.released = true);
            }
            Step::Discard(entity) => {
                let first = self.parked.iter().find(|(_, row)| row.entity == entity).map(|(seq, _)| *seq);
                if let Some(seq) = first {
                    self.parked.remove(&seq);
                    self.given_up.insert(seq);
                }
            }
            Step::ReleaseAll => self.parked.values_mut().for_each(|row| row.released = true),
            Step::Crash => {
                self.in_flight.clear();
                self.looking = None;
                let refusals = self.refusals.iter().map(|(&seq, &times)| Refusal { seq, times }).collect();
                self.flow = Flow::new(LIMITS, self.place.clone(), self.entities(), refusals);
            }
            Step::ParkBlocker => drop(self.flow.park_blocker()),
        }
        assert_eq!(self.flow.in_flight(), self.in_flight.len());
    }

    fn read(&mut self, limit: u32) {
        if !self.flow.wants_more() {
            return;
        }
        let from = self.flow.read_to().seq;
        let last = i64::try_from(self.stored.len()).unwrap();
        let to = last.min(from + i64::from(limit));
        let place = |seq| Place { window: None, seq };
        let events = (from + 1..=to).map(|seq| (Fetched::Event(Arc::new(self.event(seq))), place(seq))).collect();
        self.flow.add(Page { events, end: place(to), is_last: to == last });
    }

    fn hand_over(&mut self) {
        let Some((ticket, event)) = self.flow.next(self.now) else { return };
        assert!(
            self.in_flight.iter().all(|(_, other)| other.entity_id != event.entity_id),
            "two events of one entity are in flight"
        );
        for earlier in self.earlier_of_entity(event.seq) {
            assert!(self.is_done(earlier), "{} overtook {earlier}", event.seq);
        }
        self.in_flight.push((ticket, event));
    }

    fn answer(&mut self, ticket: Ticket, event: &StoredEvent, answer: Answer) {
        match answer {
            Answer::Taken => {
                self.delivered.insert(event.seq);
                self.flow.taken(ticket);
            }
            Answer::Refused => drop(self.flow.refused(ticket, "no", false, self.now)),
            Answer::Unacceptable => assert!(self.flow.refused(ticket, "never", true, self.now)),
            Answer::Away => drop(self.flow.away(ticket, self.now)),
            Answer::Trouble => drop(self.flow.troubled(ticket, self.now)),
        }
    }

    fn keep(&mut self, works: bool) {
        if self.flow.has_parkings() {
            self.looking = None;
        }
        // The lease is renewed also where nothing is to be kept.
        let progress = self.flow.take_progress().unwrap_or_default();
        if !works {
            self.flow.put_back(progress);
            return;
        }
        if let Some(place) = progress.place {
            assert!(place.seq >= self.place.seq, "the place went back");
            self.place = place;
        }
        for again in progress.parked_again {
            let entity: i64 = again.entity.entity_id.parse().unwrap();
            if let Some(row) = self.parked.get_mut(&again.seq) {
                row.reason = Some(again.reason);
            }
            self.parked.values_mut().filter(|row| row.entity == entity).for_each(|row| row.released = false);
        }
        for event in progress.parked {
            let entity = event.entity.entity_id.parse().unwrap();
            if event.reason.is_some() || !self.parked.contains_key(&event.seq) {
                let mut others = self.parked.values().filter(|row| row.entity == entity);
                let released = event.reason.is_none() && others.all(|row| row.released);
                self.parked.insert(event.seq, Row { entity, reason: event.reason, released });
            }
        }
        for seq in progress.delivered_from_parking {
            self.parked.remove(&seq);
        }
        for refusal in progress.refusals {
            match refusal.times {
                0 => self.refusals.remove(&refusal.seq),
                times => self.refusals.insert(refusal.seq, times),
            };
        }
        for seq in 1..=self.place.seq {
            assert!(
                self.is_done(seq) || self.parked.contains_key(&seq),
                "the place {} is beyond {seq}, which is neither delivered nor parked",
                self.place.seq
            );
        }
    }

    fn look(&mut self) {
        if self.looking.is_none() {
            let question = self.flow.ask();
            let parked = self.entities().into_iter().filter(|it| question.asked.contains(&it.entity)).collect();
            self.looking = Some((question, parked));
        }
    }

    fn looked(&mut self) {
        let Some((Question { asked, busy }, parked)) = self.looking.take() else { return };
        let busy = |entity| busy.as_ref().is_none_or(|busy| busy.contains(&key_of(entity)));
        let released = self.parked.iter().filter(|(_, row)| row.released && !busy(row.entity)).take(3);
        let released = released.map(|(&seq, _)| Fetched::Event(Arc::new(self.event(seq)))).collect();
        self.flow.answer(&asked, &parked, released);
    }

    /// The sink takes everything from here on, and everything is released.
    fn finish(&mut self) {
        let all: BTreeSet<i64> = (1..=i64::try_from(self.stored.len()).unwrap()).collect();
        for _ in 0..10_000 {
            self.take(Step::Read(4));
            self.take(Step::ReleaseAll);
            self.take(Step::HandOver);
            self.take(Step::Answer(0, Answer::Taken));
            self.take(Step::Keep(true));
            self.take(Step::Look);
            self.take(Step::Looked);
            self.take(Step::Wait(1_000));
            let is_well = all.iter().all(|seq| self.is_done(*seq)) && self.parked.is_empty();
            // Also what was given up is noticed.
            if is_well && self.flow.is_empty() && !self.flow.has_progress() && self.flow.parked_events() == 0 {
                assert_eq!(self.place.seq, i64::try_from(self.stored.len()).unwrap());
                assert!(self.refusals.is_empty(), "refusals of delivered events are kept: {:?}", self.refusals);
                assert_eq!(self.flow.waiting(), 0);
                return;
            }
        }
        let missing: Vec<_> = all.iter().filter(|seq| !self.is_done(**seq)).collect();
        panic!("not delivered: {missing:?}; parked: {:?}; {:#?}", self.parked, self.flow);
    }
}

fn key_of(entity: i64) -> EntityKey {
    EntityKey { entity_type: "Task".to_owned(), entity_id: entity.to_string() }
}

proptest! {
    #[test]
    fn nothing_is_skipped_and_nothing_overtakes(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.take(step));
        world.finish();
    }
}

fn world_with(entities: &[i64]) -> World {
    let mut world = World::new();
    world.take(Step::Store(entities.to_vec()));
    world.take(Step::Read(100));
    world
}

#[test]
fn a_parked_event_holds_back_only_its_own_entity() {
    let mut world = world_with(&[0, 1, 0, 1, 0]);
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Unacceptable));
    for _ in 0..2 {
        world.take(Step::HandOver);
        world.take(Step::Answer(0, Answer::Taken));
    }
    world.take(Step::Keep(true));
    assert_eq!(world.delivered, BTreeSet::from([2, 4]));
    assert_eq!(world.parked.keys().copied().collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(world.parked[&1].reason.as_deref(), Some("never"));
    assert_eq!(world.parked[&3].reason, None);
    assert_eq!(world.place.seq, 5);
    world.finish();
}

#[test]
fn only_refusals_count_as_attempts() {
    let mut world = world_with(&[0]);
    for answer in [Answer::Away, Answer::Trouble, Answer::Refused, Answer::Away, Answer::Trouble, Answer::Refused] {
        world.take(Step::Wait(2_000));
        world.take(Step::HandOver);
        world.take(Step::Answer(0, answer));
        assert_eq!(world.flow.parked_events(), 0, "after {answer:?}");
    }
    world.take(Step::Keep(true));
    // The count survives a restart.
    world.take(Step::Crash);
    world.take(Step::Read(100));
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Refused));
    assert_eq!(world.flow.parked_events(), 1);
}

#[test]
fn while_the_sink_is_away_one_event_asks_whether_it_is_back() {
    let mut world = world_with(&[0, 1, 2, 3]);
    for _ in 0..3 {
        world.take(Step::HandOver);
    }
    for _ in 0..3 {
        world.take(Step::Answer(0, Answer::Away));
    }
    world.take(Step::HandOver);
    assert_eq!(world.flow.in_flight(), 0);
    assert_eq!(world.flow.due(), Some(world.now + LIMITS.first_pause));
    world.take(Step::Wait(10));
    world.take(Step::HandOver);
    world.take(Step::HandOver);
    assert_eq!(world.flow.in_flight(), 1);
    world.take(Step::Answer(0, Answer::Away));
    // Twice as long as before.
    assert_eq!(world.flow.due(), Some(world.now + 2 * LIMITS.first_pause));
    world.take(Step::Wait(20));
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Taken));
    for _ in 0..3 {
        world.take(Step::HandOver);
    }
    assert_eq!(world.flow.in_flight(), 3);
}

#[test]
fn an_event_that_blocks_all_reading_is_parked() {
    let mut world = world_with(&[0]);
    world.take(Step::Store((1..40).map(|n| 1 + n % 3).collect()));
    let mut parked = false;
    for _ in 0..200 {
        world.take(Step::Wait(2_000));
        world.take(Step::Read(4));
        world.take(Step::HandOver);
        let answer = match world.in_flight.first() {
            Some((_, event)) if event.seq == 1 => Answer::Trouble,
            _ => Answer::Taken,
        };
        world.take(Step::Answer(0, answer));
        parked |= world.flow.park_blocker().is_some_and(|event| event.seq == 1);
        world.take(Step::Keep(true));
    }
    assert!(parked);
    assert_eq!(world.delivered.len(), 39);
    assert_eq!(world.place.seq, 40);
}

#[test]
fn a_sink_that_answers_nothing_has_no_event_parked() {
    let mut world = world_with(&[0]);
    world.take(Step::Store((1..40).map(|n| 1 + n % 3).collect()));
    for _ in 0..200 {
        world.take(Step::Wait(2_000));
        world.take(Step::Read(4));
        world.take(Step::HandOver);
        world.take(Step::Answer(0, Answer::Trouble));
        assert!(world.flow.park_blocker().is_none());
    }
    assert!(!world.flow.wants_more());
}

#[test]
fn a_full_window_waits_for_answers_and_not_for_the_time() {
    let mut world = world_with(&[0, 1, 2, 3]);
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Trouble));
    (0..3).for_each(|_| world.take(Step::HandOver));
    assert_eq!(world.flow.in_flight(), 3);
    world.take(Step::Wait(1_000));
    assert!(world.flow.due().is_none(), "nothing can be handed over before an answer");
}

#[test]
fn an_event_behind_a_released_one_that_arrived_is_not_left_in_parking() {
    let mut world = world_with(&[0]);
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Unacceptable));
    world.take(Step::Keep(true));
    world.take(Step::ReleaseAll);
    world.take(Step::Look);
    world.take(Step::Looked);
    world.take(Step::HandOver);
    // It is parked behind one that arrives before that is kept.
    world.take(Step::Store(vec![0]));
    world.take(Step::Read(4));
    world.take(Step::Answer(0, Answer::Taken));
    world.take(Step::Keep(true));
    world.take(Step::Look);
    world.take(Step::Looked);
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Taken));
    assert_eq!(world.delivered.len(), 2);
}

#[test]
fn a_row_that_is_no_event_is_parked_after_those_before_it_are_done() {
    let mut world = world_with(&[0]);
    let row = Fetched::Unreadable { seq: 2, entity: key_of(0), message: "no event".to_owned() };
    let place = Place { window: None, seq: 2 };
    world.flow.add(Page { events: vec![(row, place.clone())], end: place.clone(), is_last: true });
    world.take(Step::HandOver);
    assert!(!world.flow.has_progress(), "after a crash the first event would be taken for delivered");
    world.take(Step::Answer(0, Answer::Taken));
    world.take(Step::HandOver);
    let progress = world.flow.take_progress().unwrap();
    assert_eq!((progress.place, progress.parked.len()), (Some(place), 1));
    assert_eq!(progress.parked[0].reason.as_deref(), Some("no event"));
    assert!(world.flow.is_empty());
}

#[test]
fn every_parked_entity_has_its_turn_to_be_asked_for_and_few_are_at_a_time() {
    const ENTITIES: i64 = 5_000;
    let entity = |id: i64| ParkedEntity { entity: key_of(id), events: if id == 7 { 9_000 } else { 3 }, first: id };
    let mut flow = Flow::new(LIMITS, Place::default(), (0..ENTITIES).map(entity).collect(), Vec::new());
    assert_eq!(flow.parked_events(), 3 * 4_999 + 9_000);
    let mut asked = BTreeSet::new();
    for _ in 0..30 {
        let Question { asked: some, .. } = flow.ask();
        let is_large = some.contains(&key_of(7));
        assert!(some.len() <= if is_large { 1 } else { 2_000 / 3 }, "{}", some.len());
        // All were given up.
        flow.answer(&some, &[], Vec::new());
        asked.extend(some);
    }
    assert_eq!((i64::try_from(asked.len()).unwrap(), flow.parked_events()), (ENTITIES, 0));
}

#[test]
fn a_released_event_that_does_not_arrive_holds_up_no_other_entity() {
    let mut world = world_with(&[0, 1]);
    for _ in 0..2 {
        world.take(Step::HandOver);
        world.take(Step::Answer(0, Answer::Unacceptable));
    }
    world.take(Step::Keep(true));
    for entity in [0, 1] {
        world.take(Step::Release(entity));
        world.take(Step::Look);
        world.take(Step::Looked);
        world.take(Step::HandOver);
    }
    assert_eq!(world.in_flight.len(), 2);
}

#[test]
fn a_lease_that_is_not_renewed_at_once_holds_up_no_released_event() {
    let mut world = world_with(&[0]);
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Unacceptable));
    world.take(Step::Keep(true));
    for answer in [Answer::Unacceptable, Answer::Taken] {
        world.take(Step::ReleaseAll);
        world.take(Step::Look);
        world.take(Step::Looked);
        world.take(Step::HandOver);
        world.take(Step::Answer(0, answer));
        world.take(Step::Keep(true));
        // Nothing is to be kept by now.
        world.take(Step::Keep(false));
    }
    assert_eq!(world.delivered, BTreeSet::from([1]));
}

#[test]
fn what_comes_after_a_released_row_that_is_no_event_is_not_delivered_before_it() {
    let mut world = world_with(&[0, 0]);
    world.take(Step::HandOver);
    world.take(Step::Answer(0, Answer::Unacceptable));
    world.take(Step::Keep(true));
    let rows = vec![Fetched::gone(1, key_of(0)), Fetched::Event(Arc::new(world.event(2)))];
    world.flow.answer(&[], &[], rows);
    world.take(Step::HandOver);
    assert_eq!(world.in_flight.len(), 0);
    assert_eq!(world.flow.take_progress().unwrap().parked_again.len(), 1);
}
