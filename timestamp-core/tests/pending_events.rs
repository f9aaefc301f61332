//! Pending events against a naive model: random touches, saves, transactions that commit, roll back or are lost,
//! deletes, drains and clones, of up to four copies of an entity and three transactions at once.
//!
//! The model keeps every event as a full record in one list and applies a transaction's outcome at once. The entity
//! keeps what it can not derive, and looks at the outcome when it is next asked. After each step the two must agree.
#![cfg(feature = "derive")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::sync::Arc;

use proptest::prelude::*;
use timestamp_core::__private::{self as private, Attempt, Deletion, Outcome, OutcomeState, Refusal, Uuid};
use timestamp_core::{Clock, EpochMs, Event, EventKind, ManualClock, Timestamped, Timestamps};

#[derive(Clone, Timestamped)]
struct Task {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

const TRANSACTIONS: usize = 3;
const COPIES: usize = 4;

/// The steps; the number is the copy they happen to, modulo how many there are.
#[derive(Debug, Clone)]
enum Step {
    MoveClock(i64),
    TouchStatic(usize),
    TouchOwned(usize),
    TouchWithPayload(usize),
    TouchWithBrokenPayload(usize),
    Clone(usize),
    Settle(usize),
    Drain { copy: usize, commit: bool },
    DrainWhileItEnds { copy: usize, transaction: usize, committed: bool },
    Save { copy: usize, stored: bool },
    SaveIn { copy: usize, transaction: usize },
    Delete(usize),
    DeleteIn { copy: usize, transaction: usize },
    End { transaction: usize, how: OutcomeState },
    ResolveUnknown { copy: usize, stored: bool },
}

#[derive(Debug, Clone, PartialEq)]
struct Recorded {
    kind: EventKind,
    at: EpochMs,
    previous: Option<EpochMs>,
    reason: Option<String>,
    payload: Option<String>,
    id: Option<Uuid>,
}

#[derive(Debug, Clone)]
struct InFlight {
    transaction: usize,
    attempt: Attempt,
    deletion: Option<Deletion>,
}

#[derive(Debug, Clone)]
struct Model {
    created_at: EpochMs,
    /// `updated_at` and version of the loaded row; 0 for a new entity.
    loaded: (EpochMs, usize),
    /// Every event since, stored or not.
    events: Vec<Recorded>,
    stored: usize,
    digest: u32,
    flight: Option<InFlight>,
    unknown: Option<Attempt>,
    unknown_deletion: Option<Deletion>,
    deleted: bool,
}

impl Model {
    fn version(&self) -> usize {
        self.loaded.1 + self.events.len()
    }

    fn updated_at(&self) -> EpochMs {
        self.updated_at_version(self.version())
    }

    fn updated_at_version(&self, version: usize) -> EpochMs {
        match version - self.loaded.1 {
            0 => self.loaded.0,
            count => self.events[count - 1].at,
        }
    }

    fn after(&self, version: usize) -> &[Recorded] {
        &self.events[version - self.loaded.1..]
    }

    fn pending(&self) -> &[Recorded] {
        self.after(self.stored)
    }

    fn touch(&mut self, now: EpochMs, reason: &str, payload: Option<&str>) {
        let previous = self.updated_at();
        self.events.push(Recorded {
            kind: EventKind::Updated,
            at: now.max(previous),
            previous: Some(previous),
            reason: Some(reason.into()),
            payload: payload.map(Into::into),
            id: None,
        });
    }

    fn store_through(&mut self, attempt: Attempt, deletion: Option<Deletion>) {
        self.stored = attempt.version as usize;
        self.digest = attempt.digest;
        self.flight = None;
        self.unknown = None;
        if let Some(deletion) = deletion {
            let index = self.stored - self.loaded.1;
            let previous = self.updated_at_version(self.stored);
            let at = deletion.at.max(previous);
            let event = Recorded {
                kind: EventKind::Deleted,
                at,
                previous: Some(previous),
                reason: Some(deletion.reason.into_owned()),
                payload: None,
                id: Some(deletion.id),
            };
            self.events.insert(index, event);
            for later in &mut self.events[index + 1..] {
                later.at = later.at.max(at);
                later.previous = later.previous.map(|it| it.max(at));
            }
            self.stored += 1;
            self.deleted = true;
            self.unknown_deletion = None;
        }
    }

    fn end(&mut self, transaction: usize, how: OutcomeState) {
        let Some(flight) = self.flight.take_if(|flight| flight.transaction == transaction) else { return };
        match how {
            OutcomeState::InFlight => unreachable!("an end is no beginning"),
            OutcomeState::Committed => self.store_through(flight.attempt, flight.deletion),
            OutcomeState::RolledBack => {}
            OutcomeState::Unknown => {
                self.unknown = Some(flight.attempt);
                self.unknown_deletion = flight.deletion;
            }
        }
    }

    /// What a save starts from, or why there can be none.
    fn base(&self, transaction: Option<usize>) -> Result<(usize, u32), Refusal> {
        if self.deleted {
            return Err(Refusal::Deleted);
        }
        match &self.flight {
            Some(flight) if Some(flight.transaction) == transaction => {
                if flight.deletion.is_some() {
                    return Err(Refusal::Deleted);
                }
                Ok((flight.attempt.version as usize, flight.attempt.digest))
            }
            Some(_) => Err(Refusal::InFlight),
            None if self.unknown_deletion.is_some() => Err(Refusal::DeletionUnknown),
            None => Ok((self.stored, self.digest)),
        }
    }
}

struct World {
    clock: ManualClock,
    copies: Vec<(Task, Model)>,
    transactions: Vec<Arc<Outcome>>,
    next_id: u128,
    next_digest: u32,
}

impl World {
    fn new(loaded_version: Option<u32>) -> Self {
        let start: EpochMs = "2026-01-31T12:00:00Z".parse().unwrap();
        let clock = Clock::manual(start);
        let mut model = Model {
            created_at: start,
            loaded: (start, 0),
            events: vec![],
            stored: 0,
            digest: 0,
            flight: None,
            unknown: None,
            unknown_deletion: None,
            deleted: false,
        };
        let task = if let Some(version) = loaded_version {
            let updated_at = EpochMs::from_millis(start.as_millis() - 5).unwrap();
            let created_at = EpochMs::from_millis(start.as_millis() - 90).unwrap();
            let mut task = Task { id: 7, timestamps: private::restored(created_at, updated_at, version, &clock) };
            private::adopt(&mut task, 99);
            model.created_at = created_at;
            model.loaded = (updated_at, version as usize);
            model.stored = version as usize;
            model.digest = 99;
            task
        } else {
            let (kind, reason, payload, id) = (EventKind::Created, None, None, None);
            model.events.push(Recorded { kind, at: start, previous: None, reason, payload, id });
            Task::create_with(&clock, |timestamps| Task { id: 7, timestamps }).unwrap()
        };
        let transactions = (0..TRANSACTIONS).map(|_| Outcome::in_flight()).collect();
        Self { clock, copies: vec![(task, model)], transactions, next_id: 1, next_digest: 100 }
    }

    fn take(&mut self, step: &Step) {
        let now = self.clock.now();
        let count = self.copies.len();
        let Self { copies, transactions, next_id, next_digest, .. } = self;
        match *step {
            Step::MoveClock(by) => self.clock.set(EpochMs::from_millis(now.as_millis() + by).unwrap()),
            Step::TouchStatic(copy) => {
                let (task, model) = &mut copies[copy % count];
                task.touch("static");
                model.touch(now, "static", None);
            }
            Step::TouchOwned(copy) => {
                let (task, model) = &mut copies[copy % count];
                let reason = format!("owned {}", model.version());
                model.touch(now, &reason, None);
                task.touch(reason);
            }
            Step::TouchWithPayload(copy) => {
                let (task, model) = &mut copies[copy % count];
                task.touch_with("payload", [1, 2]).unwrap();
                model.touch(now, "payload", Some("[1,2]"));
            }
            Step::TouchWithBrokenPayload(copy) => {
                // JSON has no map whose keys are lists.
                let broken = std::collections::BTreeMap::from([([1, 2], 3)]);
                assert!(copies[copy % count].0.touch_with("broken", broken).is_err());
            }
            Step::Clone(copy) => {
                let other = copies[copy % count].clone();
                if count < COPIES {
                    copies.push(other);
                }
            }
            Step::Settle(copy) => private::settle(&mut copies[copy % count].0),
            Step::Drain { copy, commit } => {
                let (task, model) = &mut copies[copy % count];
                let drain = task.drain_events();
                let (events, expected) = (recorded(drain.events()), model.pending());
                if model.flight.is_some() {
                    assert_eq!(events, [], "a drain is empty in flight");
                } else {
                    assert_eq!(events, without_ids(expected));
                }
                if commit {
                    drain.commit();
                    if model.flight.is_none() && !model.pending().is_empty() {
                        // No columns are known to be stored with them.
                        model.digest = 0;
                        model.stored = model.version();
                        model.unknown = None;
                    }
                }
            }
            Step::DrainWhileItEnds { copy, transaction, committed } => {
                let how = if committed { OutcomeState::Committed } else { OutcomeState::RolledBack };
                let (task, model) = &mut copies[copy % count];
                if model.flight.as_ref().is_some_and(|flight| flight.transaction == transaction) {
                    let drain = task.drain_events();
                    transactions[transaction].decide(how);
                    assert_eq!(recorded(drain.events()), []);
                    drain.commit();
                    transactions[transaction] = Outcome::in_flight();
                    copies.iter_mut().for_each(|(_, model)| model.end(transaction, how));
                }
            }
            Step::Save { copy, stored } => {
                let (task, model) = &mut copies[copy % count];
                if let Some(base) = standing(task, model, None, transactions) {
                    give_ids(task, model, base, next_id);
                    if stored {
                        *next_digest += 1;
                        private::mark_stored(task, *next_digest);
                        let version = model.version() as u64;
                        model.store_through(Attempt { version, digest: *next_digest }, None);
                    }
                }
            }
            Step::SaveIn { copy, transaction } => {
                let (task, model) = &mut copies[copy % count];
                if let Some(base) = standing(task, model, Some(transaction), transactions) {
                    give_ids(task, model, base, next_id);
                    *next_digest += 1;
                    let attempt = Attempt { version: model.version() as u64, digest: *next_digest };
                    private::begin_flight(task, &transactions[transaction], attempt.digest, None);
                    model.flight = Some(InFlight { transaction, attempt, deletion: None });
                }
            }
            Step::Delete(copy) => {
                let (task, model) = &mut copies[copy % count];
                if standing(task, model, None, transactions).is_some() {
                    let deletion = deletion(now, model, next_id);
                    private::mark_deleted(task, deletion.clone());
                    let attempt = Attempt { version: model.version() as u64, digest: model.digest };
                    model.store_through(attempt, Some(deletion));
                }
            }
            Step::DeleteIn { copy, transaction } => {
                let (task, model) = &mut copies[copy % count];
                if let Some(base) = standing(task, model, Some(transaction), transactions) {
                    give_ids(task, model, base, next_id);
                    let deletion = deletion(now, model, next_id);
                    let attempt = Attempt { version: model.version() as u64, digest: 0 };
                    private::begin_flight(task, &transactions[transaction], 0, Some(deletion.clone()));
                    model.flight = Some(InFlight { transaction, attempt, deletion: Some(deletion) });
                }
            }
            Step::End { transaction, how } => {
                // An iteration that began before the end shows what was pending then.
                let begun: Vec<_> = copies.iter().map(|(task, _)| task.pending_events()).collect();
                transactions[transaction].decide(how);
                for (events, (_, model)) in begun.into_iter().zip(copies.iter()) {
                    assert_eq!(events.len(), model.pending().len());
                    assert_eq!(recorded(events), without_ids(model.pending()));
                }
                transactions[transaction] = Outcome::in_flight();
                copies.iter_mut().for_each(|(_, model)| model.end(transaction, how));
            }
            Step::ResolveUnknown { copy, stored } => {
                let (task, model) = &mut copies[copy % count];
                private::settle(task);
                match (model.unknown_deletion.clone(), model.unknown) {
                    _ if model.flight.is_some() => {}
                    (Some(deletion), tried) if stored => {
                        private::mark_deleted(task, deletion.clone());
                        let now = Attempt { version: model.version() as u64, digest: model.digest };
                        model.store_through(tried.unwrap_or(now), Some(deletion));
                    }
                    (Some(_), _) => {
                        private::withdraw_deletion(task);
                        model.unknown_deletion = None;
                        model.unknown = None;
                    }
                    (None, Some(attempt)) if stored => {
                        private::mark_attempt_stored(task, attempt);
                        model.store_through(attempt, None);
                    }
                    (None, Some(_)) => {
                        private::mark_attempt_not_stored(task);
                        model.unknown = None;
                    }
                    (None, None) => {}
                }
            }
        }
    }

    fn check(&self) {
        for (task, model) in &self.copies {
            assert_eq!(task.created_at(), model.created_at);
            assert_eq!(task.updated_at(), model.updated_at());
            assert_eq!(task.version(), model.version() as u64);
            let events = task.pending_events();
            assert_eq!(events.len(), model.pending().len());
            assert!(events.clone().zip(model.stored + 1..).all(|(event, version)| event.version() == version as u64));
            assert_eq!(recorded(events), without_ids(model.pending()));
            let with_ids = private::events_after(task, model.stored as u64);
            let ids: Vec<Option<Uuid>> = with_ids.map(|(_, id)| id).collect();
            assert_eq!(ids, model.pending().iter().map(|event| event.id).collect::<Vec<_>>());
            let pending = format!("pending: {}, ..", model.pending().len());
            assert!(format!("{:?}", task.timestamps).contains(&pending));
        }
    }
}

/// Asks for the standing, compares it with the model's, and returns the version that a save starts from.
fn standing(
    task: &mut Task,
    model: &Model,
    transaction: Option<usize>,
    transactions: &[Arc<Outcome>],
) -> Option<usize> {
    let ours = private::standing(task, transaction.map(|it| &transactions[it]));
    match (ours, model.base(transaction)) {
        (Err(ours), Err(expected)) => {
            assert_eq!(ours, expected);
            None
        }
        (Ok(ours), Ok((base, digest))) => {
            assert_eq!(ours.created_at, model.created_at);
            assert_eq!(ours.updated_at, model.updated_at());
            assert_eq!((ours.version, ours.stored_version), (model.version() as u64, base as u64));
            assert_eq!(ours.events(), model.after(base).len() as u64);
            if base > 0 {
                assert_eq!(ours.stored_updated_at, model.updated_at_version(base));
            }
            assert_eq!((ours.digest, ours.unknown), (digest, model.unknown));
            Some(base)
        }
        (ours, expected) => panic!("{ours:?}, expected {expected:?}"),
    }
}

/// Gives an id to each event after `base` that has none, as a save does before it writes.
fn give_ids(task: &mut Task, model: &mut Model, base: usize, next_id: &mut u128) {
    let ids: Vec<Uuid> = private::events_after(task, base as u64)
        .map(|(_, id)| {
            id.unwrap_or_else(|| {
                *next_id += 1;
                Uuid::from_u128(*next_id)
            })
        })
        .collect();
    private::remember_ids(task, base as u64, &ids);
    let first = base - model.loaded.1;
    for (event, id) in model.events[first..].iter_mut().zip(ids) {
        assert!(event.id.is_none_or(|kept| kept == id), "an id is given once and kept");
        event.id = Some(id);
    }
}

fn deletion(now: EpochMs, model: &Model, next_id: &mut u128) -> Deletion {
    *next_id += 1;
    Deletion { id: Uuid::from_u128(*next_id), at: now.max(model.updated_at()), reason: "gone".into() }
}

fn recorded<'a>(events: impl Iterator<Item = Event<'a>>) -> Vec<Recorded> {
    events
        .map(|event| Recorded {
            kind: event.kind(),
            at: event.at(),
            previous: event.previous_updated_at(),
            reason: event.reason().map(Into::into),
            payload: event.payload().map(Into::into),
            id: None,
        })
        .collect()
}

fn without_ids(events: &[Recorded]) -> Vec<Recorded> {
    events.iter().map(|event| Recorded { id: None, ..event.clone() }).collect()
}

fn touches() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..COPIES).prop_map(Step::TouchStatic),
        2 => (0..COPIES).prop_map(Step::TouchOwned),
        1 => (0..COPIES).prop_map(Step::TouchWithPayload),
        1 => (0..COPIES).prop_map(Step::TouchWithBrokenPayload),
        2 => (-50..100_i64).prop_map(Step::MoveClock),
    ]
}

fn public_steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => touches(),
        1 => (0..COPIES).prop_map(Step::Clone),
        1 => (0..COPIES, any::<bool>()).prop_map(|(copy, commit)| Step::Drain { copy, commit }),
    ]
}

fn every_step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        3 => Just(OutcomeState::Committed),
        2 => Just(OutcomeState::RolledBack),
        2 => Just(OutcomeState::Unknown),
    ];
    prop_oneof![
        6 => touches(),
        1 => (0..COPIES).prop_map(Step::Clone),
        1 => (0..COPIES).prop_map(Step::Settle),
        1 => (0..COPIES, any::<bool>()).prop_map(|(copy, commit)| Step::Drain { copy, commit }),
        1 => (0..COPIES, 0..TRANSACTIONS, any::<bool>())
            .prop_map(|(copy, transaction, committed)| Step::DrainWhileItEnds { copy, transaction, committed }),
        2 => (0..COPIES, any::<bool>()).prop_map(|(copy, stored)| Step::Save { copy, stored }),
        5 => (0..COPIES, 0..TRANSACTIONS).prop_map(|(copy, transaction)| Step::SaveIn { copy, transaction }),
        1 => (0..COPIES).prop_map(Step::Delete),
        1 => (0..COPIES, 0..TRANSACTIONS).prop_map(|(copy, transaction)| Step::DeleteIn { copy, transaction }),
        4 => (0..TRANSACTIONS, how).prop_map(|(transaction, how)| Step::End { transaction, how }),
        2 => (0..COPIES, any::<bool>()).prop_map(|(copy, stored)| Step::ResolveUnknown { copy, stored }),
    ]
}

fn run(loaded_version: Option<u32>, steps: &[Step]) {
    let mut world = World::new(loaded_version);
    world.check();
    for step in steps {
        world.take(step);
        world.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn events_of_any_touches_drains_and_clones_are_exact(
        loaded in prop::option::of(1..9_u32),
        steps in prop::collection::vec(public_steps(), 1..40),
    ) {
        run(loaded, &steps);
    }

    #[test]
    fn events_of_any_saves_and_transactions_are_exact(
        loaded in prop::option::of(1..9_u32),
        steps in prop::collection::vec(every_step(), 1..60),
    ) {
        run(loaded, &steps);
    }
}

/// What the model can not say: the numbers at their end.
#[test]
fn entity_with_the_last_version_refuses_a_touch_and_changes_nothing() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    let timestamps = private::restored(EpochMs::UNIX_EPOCH, EpochMs::UNIX_EPOCH, u32::MAX, &clock);
    let mut task = Task { id: 1, timestamps };
    private::adopt(&mut task, 1);
    clock.set(EpochMs::MAX);
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.touch("one too many")));
    assert!(refused.is_err());
    assert_eq!((task.updated_at(), task.version()), (EpochMs::UNIX_EPOCH, u64::from(u32::MAX)));
    assert_eq!(task.pending_events().len(), 0);
}

#[test]
fn timestamps_of_another_entity_are_found_out() {
    let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    let new = |id| Task::create_with(&clock, |timestamps| Task { id, timestamps }).unwrap();
    let (mut ours, mut theirs) = (new(1), new(2));
    std::mem::swap(&mut ours.timestamps, &mut theirs.timestamps);
    assert_eq!(private::standing(&mut ours, None).unwrap_err(), Refusal::Tampered);
    std::mem::swap(&mut ours.timestamps, &mut theirs.timestamps);
    assert!(private::standing(&mut ours, None).is_ok());
    ours.id = 3;
    assert_eq!(private::standing(&mut ours, None).unwrap_err(), Refusal::Tampered);
}

#[test]
fn first_answer_about_a_transaction_counts() {
    let outcome = Outcome::in_flight();
    outcome.decide(OutcomeState::RolledBack);
    outcome.decide(OutcomeState::Committed);
    assert_eq!(outcome.state(), OutcomeState::RolledBack);
}
