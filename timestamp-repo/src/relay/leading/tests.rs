//! The leader on a store that counts what it is asked for, and takes its time where it is told to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use timestamp_core::{EpochMs, EventKind};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::reading::READ_PAUSE;
use super::*;
use crate::outbox::StoredEvent;
use crate::relay::SinkError;
use crate::relay::lead::Stop;
use crate::relay::options::RelayOptions;
use crate::relay::status::RelayStatus;
use crate::relay::storage::{Held, ParkedEvent, Place, Refusal, Taken};

/// A store in memory, whose events are of an entity each, and are numbered from 1.
#[derive(Clone, Default)]
struct Counting(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stored: watch::Sender<u64>,
    reads: AtomicUsize,
    kept: Mutex<Vec<Progress>>,
    /// How long it takes to keep what a leader keeps last.
    last_keep: Duration,
    is_last_keep: AtomicBool,
    /// An event is parked, and released while the leader keeps what it keeps last.
    releases_at_the_end: bool,
}

const PARKED: i64 = 1_000_000;

impl Counting {
    fn save(&self) {
        self.0.stored.send_modify(|count| *count += 1);
    }

    fn run(&self, sink: impl Sink, until: Until) -> Running {
        let (asking, stop) = watch::channel(false);
        let (status, watched) = watch::channel(RelayStatus::default());
        let options = RelayOptions::default();
        let driver = Driver { store: self.clone(), sink: Arc::new(sink), options, status, stop: Stop(stop) };
        Running { task: tokio::spawn(driver.run(until)), asking, status: watched }
    }
}

struct Running {
    task: JoinHandle<Result<(), RelayError>>,
    asking: watch::Sender<bool>,
    status: watch::Receiver<RelayStatus>,
}

fn entity(seq: i64) -> EntityKey {
    EntityKey { entity_type: "Task".to_owned(), entity_id: seq.to_string() }
}

fn fetched(seq: i64) -> Fetched {
    Fetched::Event(Arc::new(StoredEvent {
        seq,
        id: Uuid::nil(),
        entity_type: "Task".into(),
        entity_id: seq.to_string(),
        kind: EventKind::Created,
        version: 1,
        reason: None,
        at: EpochMs::UNIX_EPOCH,
        recorded_at: EpochMs::UNIX_EPOCH,
        payload: String::new(),
        tenant_id: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    }))
}

impl Relaying for Counting {
    fn now(&self) -> EpochMs {
        EpochMs::UNIX_EPOCH
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.0.stored.subscribe()
    }

    async fn take_lease(&self, _: &str, _: Uuid, _: Duration, _: Option<&Held>) -> Result<Taken, RelayError> {
        Ok(Taken::Lease(Lease { token: 1, place: Place::default() }))
    }

    async fn keep(&self, _: &str, _: i64, lease: Duration, progress: &Progress) -> Result<bool, RelayError> {
        if lease.is_zero() {
            self.0.is_last_keep.store(true, Ordering::SeqCst);
            tokio::time::sleep(self.0.last_keep).await;
        }
        self.0.kept.lock().unwrap().push(progress.clone());
        Ok(true)
    }

    async fn end_lease(&self, _: &str, _: i64) -> Result<(), RelayError> {
        Ok(())
    }

    async fn read_page(&self, from: &Place, _: &[&'static str], limit: u32) -> Result<Page, RelayError> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let stored = i64::try_from(*self.0.stored.borrow()).unwrap();
        let end = stored.min(from.seq + i64::from(limit));
        let place = |seq| Place { window: None, seq };
        let events = (from.seq + 1..=end).map(|seq| (fetched(seq), place(seq))).collect();
        Ok(Page { events, end: place(end), is_last: end == stored })
    }

    async fn refusals(&self, _: &str) -> Result<Vec<Refusal>, RelayError> {
        Ok(Vec::new())
    }

    async fn parked_entities(&self, _: &str) -> Result<Vec<ParkedEntity>, RelayError> {
        let parked = ParkedEntity { entity: entity(PARKED), events: 1, first: PARKED };
        Ok(self.0.releases_at_the_end.then_some(parked).into_iter().collect())
    }

    async fn parked_of(&self, relay: &str, _: &[EntityKey]) -> Result<Vec<ParkedEntity>, RelayError> {
        self.parked_entities(relay).await
    }

    async fn released(&self, _: &str, busy: &[EntityKey], _: u32) -> Result<Vec<Fetched>, RelayError> {
        let is_released = self.0.releases_at_the_end && self.0.is_last_keep.load(Ordering::SeqCst);
        Ok((is_released && busy.is_empty()).then(|| fetched(PARKED)).into_iter().collect())
    }

    async fn parked(&self, _: &str, _: i64, _: u32) -> Result<Vec<ParkedEvent>, RelayError> {
        Ok(Vec::new())
    }

    async fn release(&self, _: &str, _: Option<(&str, &str)>) -> Result<u64, RelayError> {
        Ok(0)
    }

    async fn discard(&self, _: &str, _: i64) -> Result<bool, RelayError> {
        Ok(false)
    }

    async fn remove_relay(&self, _: &str) -> Result<bool, RelayError> {
        Ok(false)
    }

    async fn prune(&self, _: EpochMs, _: u32) -> Result<u64, RelayError> {
        Ok(0)
    }

    async fn held(&self) -> Result<HeldTransactions, RelayError> {
        Ok(HeldTransactions::default())
    }
}

#[tokio::test]
async fn what_is_saved_one_by_one_is_read_together() {
    const SAVES: u64 = 200;
    let (store, begun) = (Counting::default(), Instant::now());
    let mut running = store.run(|_| async { Ok::<_, SinkError>(()) }, Until::Stopped);
    for _ in 0..SAVES {
        store.save();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.status.wait_for(|status| status.delivered == SAVES).await.unwrap();
    let (reads, elapsed) = (store.0.reads.load(Ordering::SeqCst), begun.elapsed());
    // The first one has nothing to wait for.
    let allowed = 1 + elapsed.as_millis() / READ_PAUSE.as_millis();
    assert!(reads as u128 <= allowed, "{reads} reads within {elapsed:?}");
    running.asking.send(true).unwrap();
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_handed_over_while_the_lease_is_given_back() {
    let inner = Inner { last_keep: LOOK_EVERY * 5 / 4, releases_at_the_end: true, ..Inner::default() };
    let store = Counting(Arc::new(inner));
    store.save();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let taken = Arc::clone(&taken);
        move |event: Arc<StoredEvent>| {
            taken.lock().unwrap().push(event.seq);
            async { Ok::<_, SinkError>(()) }
        }
    };
    store.run(sink, Until::UpToDate).task.await.unwrap().unwrap();
    assert!(store.0.is_last_keep.load(Ordering::SeqCst), "the lease was not given back by what was kept last");
    // What comes too late is the next leader's, which may be at work already.
    assert_eq!(*taken.lock().unwrap(), [1]);
}
