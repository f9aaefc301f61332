//! The relay: every stored event reaches the sink, in order, or is parked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use timestamp_core::Timestamped as _;
use timestamp_repo::{
    ParkedEvent, Relay, RelayError, RelayStatus, RunningRelay, Sink, SinkError, Store as _, StoredEvent,
};
use uuid::Uuid;

use super::entities::{Note, Task, open, saved};
use super::harness::Harness;

const LEASE: Duration = Duration::from_millis(300);

/// What a sink does with one event.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Take,
    Refuse,
    NeverTake,
    BeAway,
    Panic,
    Hang,
    /// Takes it, after blocking the thread.
    Block(Duration),
}

type Behaviour = Box<dyn Fn(&StoredEvent, usize) -> Answer + Send + Sync>;

/// A sink that remembers what it was given, and does as it is told.
#[derive(Clone)]
struct Recorder {
    taken: Arc<Mutex<Vec<StoredEvent>>>,
    /// How often it was asked to take each.
    asked: Arc<Mutex<BTreeMap<Uuid, usize>>>,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Recorder {
    fn new() -> Self {
        Self::that(|_, _| Answer::Take)
    }

    /// A sink with a behaviour: what it does with an event that it is asked to take for the nth time, from 0.
    fn that(behaviour: impl Fn(&StoredEvent, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self { taken: Arc::default(), asked: Arc::default(), behaviour: Arc::new(Mutex::new(Box::new(behaviour))) }
    }

    fn behaves(&self, behaviour: impl Fn(&StoredEvent, usize) -> Answer + Send + Sync + 'static) {
        *self.behaviour.lock().unwrap() = Box::new(behaviour);
    }

    fn taken(&self) -> Vec<StoredEvent> {
        self.taken.lock().unwrap().clone()
    }

    fn asked(&self, event: &StoredEvent) -> usize {
        self.asked.lock().unwrap().get(&event.id).copied().unwrap_or(0)
    }

    /// The versions of one entity, as they were taken.
    fn versions(&self, entity_id: &impl ToString) -> Vec<u64> {
        let id = entity_id.to_string();
        self.taken().iter().filter(|event| event.entity_id == id).map(|event| event.version).collect()
    }

    fn answer(&self, event: &StoredEvent) -> Answer {
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(event.id).or_default();
        let answer = (self.behaviour.lock().unwrap())(event, *times);
        *times += 1;
        answer
    }
}

impl Sink for Recorder {
    async fn deliver(&self, event: Arc<StoredEvent>) -> Result<(), SinkError> {
        match self.answer(&event) {
            Answer::Take => {}
            Answer::Refuse => return Err(SinkError::refused("not now")),
            Answer::NeverTake => return Err(SinkError::unacceptable("never")),
            Answer::BeAway => return Err(SinkError::unavailable("nobody is there")),
            Answer::Panic => panic!("the sink panics, as it was told to"),
            Answer::Hang => std::future::pending().await,
            Answer::Block(time) => std::thread::sleep(time),
        }
        // What a broker does: the event is taken a moment before it says so.
        self.taken.lock().unwrap().push(StoredEvent::clone(&event));
        tokio::task::yield_now().await;
        Ok(())
    }
}

fn relay<H: Harness>(store: &H::Store, sink: &Recorder) -> Relay<H::Store, Recorder> {
    Relay::new(store.clone(), sink.clone()).lease(LEASE)
}

async fn until(relay: &RunningRelay, condition: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
    let status = tokio::time::timeout(Duration::from_secs(30), relay.wait_for(condition)).await;
    status.unwrap_or_else(|_| panic!("the relay has not come so far: {:?}", relay.status())).unwrap()
}

/// Waits until something outside of the relay is true.
async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came true: {what}");
}

/// Every stored event was taken exactly once, those of one entity in the order of their versions.
async fn assert_all_taken_once<H: Harness>(harness: &H, sink: &Recorder) {
    let stored: BTreeSet<_> = harness.events().await.into_iter().map(|event| event.id).collect();
    let taken: Vec<_> = sink.taken().iter().map(|event| event.id.to_string()).collect();
    assert_eq!(taken.len(), stored.len());
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), stored);
    assert_in_order(sink);
}

fn assert_in_order(sink: &Recorder) {
    let mut last = BTreeMap::new();
    for event in sink.taken() {
        let last = last.entry((event.entity_type, event.entity_id)).or_insert(0);
        assert_eq!(event.version, *last + 1, "an event overtook another of its entity");
        *last = event.version;
    }
}

pub(crate) async fn every_event_is_delivered_once_and_in_order<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    let sink = Recorder::new();
    let running = relay::<H>(&store, &sink).window(7).start();
    let mut all = Vec::new();
    for n in 0..20 {
        let mut task = saved(harness, &tasks, "a").await;
        for _ in 0..n % 4 {
            task.increment();
            task.increment();
            tasks.save(&mut task).await.unwrap();
        }
        all.push(task);
    }
    let mut unit = store.begin().await.unwrap();
    for task in all.iter_mut().take(5) {
        task.increment();
        unit.save(task).await.unwrap();
    }
    unit.save(&mut Note::new(harness.clock(), 1)).await.unwrap();
    unit.commit().await.unwrap();
    tasks.touch_all("count > ?", (2,), "in bulk").await.unwrap();
    let mut gone = notes.find(&1).await.unwrap().unwrap();
    notes.delete(&mut gone, "not needed").await.unwrap();
    let mut batch: Vec<_> = (0..1_100).map(|_| Task::new(harness.clock(), "b")).collect();
    tasks.save_all(&mut batch).await.unwrap();
    let stored = harness.events().await.len() as u64;
    until(&running, |status| status.delivered == stored).await;
    running.stop().await.unwrap();
    assert_all_taken_once(harness, &sink).await;
    let of_note: Vec<_> = sink.taken().into_iter().filter(|event| &*event.entity_type == "Note").collect();
    assert_eq!(
        of_note.iter().map(|event| event.kind).collect::<Vec<_>>(),
        [timestamp_core::EventKind::Created, timestamp_core::EventKind::Deleted]
    );
    assert_eq!(of_note[1].reason.as_deref(), Some("not needed"));
}

pub(crate) async fn a_relay_goes_on_where_it_was_stopped<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let sink = Recorder::new();
    for round in 1..=3 {
        saved(harness, &tasks, "a").await;
        saved(harness, &tasks, "b").await;
        let status = relay::<H>(&store, &sink).deliver_all().await.unwrap();
        assert_eq!((status.delivered, sink.taken().len()), (2, 2 * round));
    }
    let status = relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(status.delivered, 0);
    assert_all_taken_once(harness, &sink).await;
}

pub(crate) async fn after_a_crash_events_arrive_again_and_none_is_skipped<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for n in 0..50 {
        let mut task = saved(harness, &tasks, "a").await;
        if n % 3 == 0 {
            task.increment();
            tasks.save(&mut task).await.unwrap();
        }
    }
    let sink = Recorder::new();
    // Each try gets stuck a little later, and is dropped there without a word.
    for reach in [5, 20, 40] {
        sink.behaves(move |event, _| if event.seq % 50 == reach { Answer::Hang } else { Answer::Take });
        let relay = relay::<H>(&store, &sink);
        let crashed = tokio::time::timeout(Duration::from_millis(200), relay.deliver_all()).await;
        assert!(crashed.is_err(), "{crashed:?}");
        eventually("the lease has run out", async || {
            harness.clock().advance(LEASE);
            sink.behaves(move |event, _| if event.seq % 50 == reach { Answer::BeAway } else { Answer::Take });
            !matches!(relay.deliver_all().await, Err(RelayError::LedElsewhere { .. }))
        })
        .await;
    }
    sink.behaves(|_, _| Answer::Take);
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    let stored: BTreeSet<_> = harness.events().await.into_iter().map(|event| event.id).collect();
    let taken: BTreeSet<_> = sink.taken().iter().map(|event| event.id.to_string()).collect();
    assert_eq!(taken, stored);
    // Again and again, but the first time in order.
    let mut last = BTreeMap::new();
    for event in sink.taken() {
        let last = last.entry(event.entity_id).or_insert(0);
        assert!(event.version <= *last + 1, "an event overtook another of its entity");
        *last = event.version.max(*last);
    }
}

async fn events_of<H: Harness>(store: &H::Store, task: &Task) -> Vec<StoredEvent> {
    store.outbox().of(task).await.unwrap()
}

async fn parked<H: Harness>(store: &H::Store) -> Vec<ParkedEvent> {
    store.parking("default").list(0, 100).await.unwrap()
}

/// A task with three events, and one with one; the sink takes none of the first.
async fn parked_task<H: Harness>(harness: &H) -> (H::Store, Recorder, Task) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    for _ in 0..2 {
        task.increment();
        tasks.save(&mut task).await.unwrap();
    }
    saved(harness, &tasks, "b").await;
    let id = task.id.to_string();
    let sink = Recorder::that(move |event, _| if event.entity_id == id { Answer::NeverTake } else { Answer::Take });
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(sink.taken().len(), 1);
    (store, sink, task)
}

pub(crate) async fn an_event_is_parked_after_so_many_refusals_and_others_go_on<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let other = saved(harness, &tasks, "b").await;
    let id = task.id.to_string();
    let sink = Recorder::that(move |event, _| if event.entity_id == id { Answer::Refuse } else { Answer::Take });
    let running = relay::<H>(&store, &sink).attempts(3).start();
    until(&running, |status| status.parked == 1).await;
    // Those that come later wait behind it.
    task.increment();
    tasks.save(&mut task).await.unwrap();
    until(&running, |status| status.parked == 2).await;
    running.stop().await.unwrap();
    assert_eq!(sink.versions(&other.id), [1]);
    let parked = parked::<H>(&store).await;
    assert_eq!(parked.len(), 2);
    assert_eq!((parked[0].refusals, parked[1].refusals), (3, 0));
    assert_eq!(parked[0].reason.as_deref(), Some("the sink refused the event: not now"));
    assert_eq!(parked[1].reason, None);
    assert!(parked.iter().all(|event| event.entity_id == task.id.to_string() && !event.released));
    let events = events_of::<H>(&store, &task).await;
    assert_eq!((sink.asked(&events[0]), sink.asked(&events[1])), (3, 0));
}

pub(crate) async fn refusals_are_counted_over_restarts<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    let sink = Recorder::that(|_, times| if times < 4 { Answer::Refuse } else { Answer::Take });
    for times in 1..=2 {
        let running = relay::<H>(&store, &sink).attempts(3).start();
        let event = &events_of::<H>(&store, &task).await[0];
        eventually("it was refused", async || sink.asked(event) == times).await;
        running.stop().await.unwrap();
        // A second try may have come before the stop; the test is only of use if none did.
        assert_eq!(sink.asked(event), times);
    }
    let status = relay::<H>(&store, &sink).attempts(3).deliver_all().await.unwrap();
    assert_eq!(status.parked, 1);
}

pub(crate) async fn released_events_are_delivered_in_version_order<H: Harness>(harness: &H) {
    let (store, sink, mut task) = parked_task(harness).await;
    assert_eq!(parked::<H>(&store).await.len(), 3);
    sink.behaves(|_, _| Answer::Take);
    // Nothing happens by itself.
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(sink.versions(&task.id), [0; 0]);
    let running = relay::<H>(&store, &sink).start();
    let parking = store.parking("default");
    assert_eq!(parking.release::<Task>(&Uuid::now_v7()).await.unwrap(), 0);
    assert_eq!(parking.release::<Task>(&task.id).await.unwrap(), 3);
    let tasks = store.repository::<Task>().await.unwrap();
    task.increment();
    tasks.save(&mut task).await.unwrap();
    eventually("all were delivered", async || sink.versions(&task.id).len() == 4).await;
    until(&running, |status| status.parked == 0).await;
    running.stop().await.unwrap();
    assert_all_taken_once(harness, &sink).await;
    assert_eq!(parked::<H>(&store).await, []);
}

pub(crate) async fn a_released_event_that_is_refused_again_is_parked_again<H: Harness>(harness: &H) {
    let (store, sink, task) = parked_task(harness).await;
    let parking = store.parking("default");
    sink.behaves(|event, _| if event.version == 2 { Answer::NeverTake } else { Answer::Take });
    assert_eq!(parking.release_all().await.unwrap(), 3);
    let status = relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(status.parked, 2);
    assert_eq!(sink.versions(&task.id), [1]);
    let left = parked::<H>(&store).await;
    assert_eq!(left.iter().map(|event| event.released).collect::<Vec<_>>(), [false, false]);
    assert_eq!(left[0].reason.as_deref(), Some("the sink can not take the event: never"));
    assert_eq!(left[1].reason, None);
}

pub(crate) async fn a_discarded_event_lets_those_behind_it_go<H: Harness>(harness: &H) {
    let (store, sink, task) = parked_task(harness).await;
    let parking = store.parking("default");
    let at_fault = parked::<H>(&store).await[0].seq;
    assert!(parking.discard(at_fault).await.unwrap());
    assert!(!parking.discard(at_fault).await.unwrap());
    sink.behaves(|_, _| Answer::Take);
    assert_eq!(parking.release_all().await.unwrap(), 2);
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(sink.versions(&task.id), [2, 3]);
    assert_eq!(harness.events().await.len(), 4, "it is still in the outbox");
}

/// Whoever deletes rows of the outbox by hand hears of it where it matters, and nobody looks for them for ever.
pub(crate) async fn a_released_event_that_was_deleted_is_parked_again_and_says_so<H: Harness>(harness: &H) {
    let (store, sink, task) = parked_task(harness).await;
    let first = parked::<H>(&store).await[0].seq;
    harness.sql(&format!("DELETE FROM timestamp_outbox WHERE seq = {first}")).await;
    sink.behaves(|_, _| Answer::Take);
    let parking = store.parking("default");
    assert_eq!(parking.release_all().await.unwrap(), 3);
    let relay = relay::<H>(&store, &sink);
    let status = tokio::time::timeout(Duration::from_secs(20), relay.deliver_all()).await.unwrap().unwrap();
    assert_eq!(status.parked, 3, "those behind it still wait for it");
    let left = parked::<H>(&store).await;
    assert_eq!((left[0].seq, left[0].released), (first, false));
    assert!(left[0].reason.as_deref().is_some_and(|reason| reason.contains("deleted")), "{left:?}");
    assert!(parking.discard(first).await.unwrap());
    assert_eq!(parking.release_all().await.unwrap(), 2);
    assert_eq!(relay.deliver_all().await.unwrap().parked, 0);
    assert_eq!(sink.versions(&task.id), [2, 3]);
}

/// Also that one's own release.
pub(crate) async fn an_entity_that_is_parked_again_and_again_holds_up_no_release<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let (mut hot, other) = (saved(harness, &tasks, "hot").await, saved(harness, &tasks, "b").await);
    let (sink, hot_id) = (Recorder::that(|_, _| Answer::NeverTake), hot.id);
    let running = relay::<H>(&store, &sink).start();
    until(&running, |status| status.parked == 2).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (saving, saver_stops) = (tasks.clone(), Arc::clone(&stop));
    let saver = tokio::spawn(async move {
        while !saver_stops.load(Ordering::Relaxed) {
            hot.increment();
            saving.save(&mut hot).await.unwrap();
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        hot.version()
    });
    until(&running, |status| status.parked > 50).await;
    sink.behaves(|_, _| Answer::Take);
    let parking = store.parking("default");
    assert_eq!(parking.release::<Task>(&other.id).await.unwrap(), 1);
    eventually("the other one was delivered", async || sink.versions(&other.id) == [1]).await;
    parking.release::<Task>(&hot_id).await.unwrap();
    eventually("its own were delivered", async || sink.versions(&hot_id).len() > 50).await;
    stop.store(true, Ordering::Relaxed);
    let version = saver.await.unwrap();
    until(&running, |status| status.parked == 0 && status.waiting == 0).await;
    eventually("all were delivered", async || sink.versions(&hot_id).len() as u64 == version).await;
    running.stop().await.unwrap();
    assert_all_taken_once(harness, &sink).await;
}

pub(crate) async fn a_relay_notices_that_parked_events_were_given_up<H: Harness>(harness: &H) {
    let (store, sink, mut task) = parked_task(harness).await;
    let running = relay::<H>(&store, &sink).start();
    until(&running, |status| status.parked == 3).await;
    sink.behaves(|_, _| Answer::Take);
    for event in parked::<H>(&store).await {
        assert!(store.parking("default").discard(event.seq).await.unwrap());
    }
    until(&running, |status| status.parked == 0).await;
    // Nothing holds its next event up.
    task.increment();
    store.repository::<Task>().await.unwrap().save(&mut task).await.unwrap();
    until(&running, |status| status.delivered == 1).await;
    running.stop().await.unwrap();
    assert_eq!(sink.versions(&task.id), [4]);
    assert_eq!(parked::<H>(&store).await, []);
}

pub(crate) async fn while_the_sink_is_away_events_wait_and_none_is_parked<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for _ in 0..20 {
        saved(harness, &tasks, "a").await;
    }
    let sink = Recorder::that(|_, _| Answer::BeAway);
    let error = relay::<H>(&store, &sink).deliver_all().await.unwrap_err();
    assert!(
        matches!(&error, RelayError::SinkUnavailable { message } if message.ends_with("nobody is there")),
        "{error:?}"
    );
    let running = relay::<H>(&store, &sink).attempts(1).window(4).start();
    let status = until(&running, |status| status.sink_unavailable.is_some()).await;
    assert_eq!((status.delivered, status.parked), (0, 0));
    tokio::time::sleep(Duration::from_millis(300)).await;
    sink.behaves(|_, _| Answer::Take);
    until(&running, |status| status.delivered == 20 && status.sink_unavailable.is_none()).await;
    running.stop().await.unwrap();
    assert_all_taken_once(harness, &sink).await;
    assert_eq!(parked::<H>(&store).await, []);
}

pub(crate) async fn a_sink_that_panics_or_hangs_is_asked_again_and_others_go_on<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let first = saved(harness, &tasks, "a").await;
    let second = saved(harness, &tasks, "b").await;
    let third = saved(harness, &tasks, "c").await;
    let (panics, hangs) = (first.id.to_string(), second.id.to_string());
    let sink = Recorder::that(move |event, times| match times {
        0 | 1 if event.entity_id == panics => Answer::Panic,
        0 if event.entity_id == hangs => Answer::Hang,
        _ => Answer::Take,
    });
    let running = relay::<H>(&store, &sink).attempts(1).delivery_timeout(Duration::from_millis(200)).start();
    until(&running, |status| status.delivered == 3).await;
    running.stop().await.unwrap();
    assert_eq!(sink.taken()[0].entity_id, third.id.to_string());
    assert_all_taken_once(harness, &sink).await;
}

/// As long as others get on, an event at which the sink fails is no reason to give up.
pub(crate) async fn delivering_all_ends_where_the_sink_only_panics_or_hangs<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let other = saved(harness, &tasks, "b").await;
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    tasks.save(&mut task).await.unwrap();
    let at_fault = events_of::<H>(&store, &task).await.remove(0);
    let sink = Recorder::new();
    for (answer, trouble) in [(Answer::Panic, "as it was told to"), (Answer::Hang, "did not answer within 50ms")] {
        let id = task.id.to_string();
        sink.behaves(move |event, _| if event.entity_id == id { answer } else { Answer::Take });
        let patience = Duration::from_millis(300);
        let relay = relay::<H>(&store, &sink).stuck_after(patience).delivery_timeout(Duration::from_millis(50));
        let ended = tokio::time::timeout(Duration::from_secs(20), relay.deliver_all()).await;
        match ended.expect("it gives up by itself").unwrap_err() {
            RelayError::Stuck { event, trouble: said, waited } => {
                assert_eq!(event, at_fault.to_string());
                assert!(said.contains(trouble), "{said}");
                assert!(waited >= patience, "{waited:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    // Nothing is parked, what was delivered before it stays so, and nobody has to wait for the end of the lease.
    sink.behaves(|_, _| Answer::Take);
    let status = relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!((status.delivered, status.parked), (2, 0));
    assert_eq!(sink.versions(&other.id), [1]);
    assert_all_taken_once(harness, &sink).await;
}

pub(crate) async fn of_two_relays_of_one_name_one_leads<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let (_, sink) = (saved(harness, &tasks, "a").await, Recorder::new());
    let leader = relay::<H>(&store, &sink).start();
    until(&leader, |status| status.delivered == 1).await;
    let elsewhere = harness.open(Duration::from_secs(30)).await;
    let error = relay::<H>(&elsewhere, &sink).deliver_all().await.unwrap_err();
    assert!(matches!(&error, RelayError::LedElsewhere { relay } if relay == "default"), "{error:?}");
    let other = relay::<H>(&elsewhere, &sink).start();
    saved(harness, &tasks, "b").await;
    until(&leader, |status| status.delivered == 2).await;
    assert!(!other.status().is_leading);
    // It gives the lease back, and nobody has to wait for its end.
    leader.stop().await.unwrap();
    saved(harness, &tasks, "c").await;
    until(&other, |status| status.is_leading && status.delivered == 1).await;
    other.stop().await.unwrap();
    assert_all_taken_once(harness, &sink).await;
}

/// Written by a clock that was an hour ahead, or before the clock was set back.
pub(crate) async fn a_lease_that_ends_far_in_the_future_does_not_outlive_its_holder<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    saved(harness, &tasks, "a").await;
    let sink = Recorder::new();
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    saved(harness, &tasks, "b").await;
    let until = if H::ONE_WRITER {
        format!("lease_until_ms = {}", harness.clock().now().as_millis() + 3_600_000)
    } else {
        "lease_until = clock_timestamp() + interval '1 hour'".to_owned()
    };
    let holder = Uuid::from_u128(7);
    harness.sql(&format!("UPDATE timestamp_relay SET holder = '{holder}', token = token + 1, {until}")).await;

    let begun = std::time::Instant::now();
    let running = relay::<H>(&store, &sink).start();
    eventually("the event is delivered", async || sink.taken().len() == 2).await;
    assert!(begun.elapsed() > 5 * LEASE, "the holder had time to show that it lives: {:?}", begun.elapsed());
    running.stop().await.unwrap();
}

pub(crate) async fn a_relay_that_was_taken_for_dead_changes_nothing<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for _ in 0..10 {
        saved(harness, &tasks, "a").await;
    }
    // The first one stops in the middle of everything, for longer than its lease, on a thread of its own.
    let nth = Arc::new(AtomicUsize::new(0));
    let asleep = Recorder::that(move |_, _| match nth.fetch_add(1, Ordering::Relaxed) {
        0..4 => Answer::Take,
        4 => Answer::Block(3 * LEASE),
        _ => Answer::BeAway,
    });
    let zombie = relay::<H>(&harness.open(Duration::from_secs(30)).await, &asleep).window(1);
    let (done, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _ = done.send(runtime.block_on(zombie.deliver_all()));
    });
    eventually("the first one sleeps", async || asleep.asked.lock().unwrap().len() >= 5).await;
    let sink = Recorder::new();
    eventually("the second one has taken over", async || {
        harness.clock().advance(LEASE);
        relay::<H>(&store, &sink).deliver_all().await.is_ok()
    })
    .await;
    let count = sink.taken().len();
    assert!(count >= 5, "{count}");
    // It finds out as soon as it wants to write.
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap().unwrap();
    // It has begun anew, where the second one had come to: there was nothing to do, or somebody else at it.
    assert!(ended.is_ok() || matches!(ended, Err(RelayError::LedElsewhere { .. })), "{ended:?}");
    saved(harness, &tasks, "b").await;
    harness.clock().advance(LEASE);
    let status = relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(status.delivered, 1, "the place is where the second one left it");
}

pub(crate) async fn relays_of_different_names_each_deliver_every_event<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let (first, second) = (Recorder::new(), Recorder::new());
    saved(harness, &tasks, "a").await;
    relay::<H>(&store, &first).name("search").deliver_all().await.unwrap();
    saved(harness, &tasks, "b").await;
    relay::<H>(&store, &first).name("search").deliver_all().await.unwrap();
    relay::<H>(&store, &second).name("audit").deliver_all().await.unwrap();
    assert_all_taken_once(harness, &first).await;
    assert_all_taken_once(harness, &second).await;
}

pub(crate) async fn only_events_of_the_named_types_are_delivered<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    let sink = Recorder::new();
    for id in 0..5 {
        saved(harness, &tasks, "a").await;
        notes.save(&mut Note::new(harness.clock(), id)).await.unwrap();
        saved(harness, &tasks, "b").await;
        relay::<H>(&store, &sink).only::<Note>().deliver_all().await.unwrap();
    }
    let ids: Vec<_> = sink.taken().into_iter().map(|event| (event.entity_type, event.entity_id)).collect();
    assert_eq!(ids, (0..5).map(|id| ("Note".into(), format!("{id}"))).collect::<Vec<_>>());
}

pub(crate) async fn a_row_that_is_no_event_is_parked_with_the_reason<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let sink = Recorder::new();
    harness
        .sql(
            "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, \
             occurred_at_ms, recorded_at_ms) VALUES ('018d0000-0000-7000-8000-000000000000', 'Task', 'forged', \
             'Task.created', '{}', 1, 'created', 1000000000000000000, 0)",
        )
        .await;
    let task = saved(harness, &tasks, "a").await;
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(sink.versions(&task.id), [1]);
    let parked = parked::<H>(&store).await;
    assert_eq!((parked.len(), &*parked[0].entity_id), (1, "forged"));
    let reason = parked[0].reason.as_deref().unwrap();
    assert!(reason.contains("occurred_at_ms"), "{reason}");
    // Released, it is still none.
    store.parking("default").release_all().await.unwrap();
    let status = relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!((status.delivered, status.parked), (0, 1));
}

pub(crate) async fn old_events_are_deleted_when_every_relay_is_done_with_them<H: Harness>(harness: &H) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (store, sink, task) = parked_task(harness).await;
    let outbox = store.outbox();
    let error = outbox.prune(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(error, RelayError::RetentionTooShort { asked } if asked == Duration::from_secs(60)), "{error:?}");
    assert_eq!(outbox.prune(DAY).await.unwrap(), 0, "all are young");
    harness.clock().advance(2 * DAY);
    let slow = Recorder::that(|_, _| Answer::BeAway);
    relay::<H>(&store, &slow).name("slow").deliver_all().await.unwrap_err();
    assert_eq!(outbox.prune(DAY).await.unwrap(), 0, "one relay has not delivered them");
    // It is given up, and comes back: as a new one, with everything before it.
    assert!(store.forget_relay("slow").await.unwrap());
    assert!(!store.forget_relay("slow").await.unwrap());
    slow.behaves(|_, _| Answer::Take);
    relay::<H>(&store, &slow).name("slow").deliver_all().await.unwrap();
    assert_eq!(slow.taken().len(), 4);
    // A relay deletes by itself.
    let running = relay::<H>(&store, &sink).retention(DAY).unwrap().start();
    eventually("what was delivered is deleted", async || harness.events().await.len() == 3).await;
    running.stop().await.unwrap();
    assert!(harness.events().await.iter().all(|event| event.entity_id == task.id.to_string()), "parked events stay");
    sink.behaves(|_, _| Answer::Take);
    store.parking("default").release_all().await.unwrap();
    relay::<H>(&store, &sink).deliver_all().await.unwrap();
    assert_eq!(sink.versions(&task.id), [1, 2, 3]);
    assert_eq!(outbox.prune(DAY).await.unwrap(), 3);
}

pub(crate) async fn delivering_all_deletes_what_is_old_before_it_ends<H: Harness>(harness: &H) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (store, tasks) = open(harness).await;
    // More than are deleted at a time.
    tasks.save_all(&mut (0..1_100).map(|_| Task::new(harness.clock(), "a")).collect::<Vec<_>>()).await.unwrap();
    harness.clock().advance(2 * DAY);
    let young = saved(harness, &tasks, "b").await;
    let sink = Recorder::new();
    let relay = relay::<H>(&store, &sink).retention(DAY).unwrap();
    assert_eq!(relay.deliver_all().await.unwrap().delivered, 1_101);
    let left = harness.events().await;
    assert_eq!(left.iter().map(|event| &*event.entity_id).collect::<Vec<_>>(), [young.id.to_string()]);
}

pub(crate) async fn a_relay_that_does_not_get_on_says_that_it_is_stuck<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let sink = Recorder::that(|_, times| if times == 0 { Answer::Hang } else { Answer::Take });
    saved(harness, &tasks, "a").await;
    let running = relay::<H>(&store, &sink)
        .stuck_after(Duration::from_secs(60))
        .lease(Duration::from_secs(600))
        .delivery_timeout(Duration::from_secs(2))
        .start();
    let status = until(&running, |status| status.in_flight == 1).await;
    assert!(!status.is_stuck);
    harness.clock().advance(Duration::from_secs(61));
    let status = until(&running, |status| status.is_stuck).await;
    assert!(status.oldest.unwrap() >= Duration::from_secs(61), "{status:?}");
    until(&running, |status| !status.is_stuck && status.delivered == 1).await;
    running.stop().await.unwrap();
}

/// Also the first page, before anything is known of their size; and where the database stores them in fewer bytes.
pub(crate) async fn large_events_are_read_few_at_a_time<H: Harness>(harness: &H) {
    const COUNT: usize = 60;
    let (store, tasks) = open(harness).await;
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'A' + u8::try_from((state >> 40) % 58).unwrap())
    };
    for text in ["x".repeat(1 << 20), std::iter::repeat_with(&mut random).take(1 << 20).collect()] {
        let mut all: Vec<_> = (0..COUNT).map(|_| Task::new(harness.clock(), "a")).collect();
        for task in &mut all {
            task.touch_with("written", &text).unwrap();
        }
        tasks.save_all(&mut all).await.unwrap();
        let sink = Recorder::that(|_, times| if times == 0 { Answer::Hang } else { Answer::Take });
        let running = relay::<H>(&store, &sink).delivery_timeout(Duration::from_millis(700)).start();
        let read = |status: &RelayStatus| status.in_flight + status.waiting;
        until(&running, |status| read(status) >= 10).await;
        let (mut most, begun) = (0, std::time::Instant::now());
        while begun.elapsed() < Duration::from_millis(500) {
            most = most.max(read(&running.status()));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Two events of each, a small one and a large one; 16 MiB are read ahead, and a page may be 8 MiB.
        assert!(most <= 2 * 25 + 2, "{most} events were read, about {} MiB", most / 2);
        sink.behaves(|_, _| Answer::Take);
        until(&running, |status| status.delivered == 2 * COUNT as u64).await;
        running.stop().await.unwrap();
        assert_in_order(&sink);
    }
}

pub(crate) async fn a_save_wakes_the_relay<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let sink = Recorder::new();
    let running = relay::<H>(&store, &sink).poll_every(Duration::from_secs(3_600)).start();
    until(&running, |status| status.is_leading).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut task = saved(harness, &tasks, "a").await;
    until(&running, |status| status.delivered == 1).await;
    let mut unit = store.begin().await.unwrap();
    task.increment();
    unit.save(&mut task).await.unwrap();
    unit.commit().await.unwrap();
    until(&running, |status| status.delivered == 2).await;
    tasks.touch_all("count > ?", (0,), "in bulk").await.unwrap();
    until(&running, |status| status.delivered == 3).await;
    let mut task = tasks.find(&task.id).await.unwrap().unwrap();
    tasks.delete(&mut task, "done").await.unwrap();
    until(&running, |status| status.delivered == 4).await;
    tasks.save_all(&mut [Task::new(harness.clock(), "b")]).await.unwrap();
    until(&running, |status| status.delivered == 5).await;
    running.stop().await.unwrap();
}

pub(crate) async fn a_subscriber_gets_the_events_of_its_type_and_goes_on_after_a_restart<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    let sink = Recorder::new();
    for round in 1..=2 {
        saved(harness, &tasks, "a").await;
        let subscriber = store.subscribe::<Note>("mail", sink.clone());
        let mut note = Note::new(harness.clock(), round);
        notes.save(&mut note).await.unwrap();
        note.text = Some("b".to_owned());
        note.touch("written");
        notes.save(&mut note).await.unwrap();
        until(&subscriber, |status| status.delivered == 2).await;
        subscriber.stop().await.unwrap();
    }
    let taken: Vec<_> = sink.taken().into_iter().map(|event| (event.entity_id, event.version)).collect();
    assert_eq!(taken, [("1", 1), ("1", 2), ("2", 1), ("2", 2)].map(|(id, version)| (id.to_owned(), version)));
}
