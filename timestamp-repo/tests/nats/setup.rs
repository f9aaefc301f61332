//! A store with events, a relay to carry them, and a consumer that reads what arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::async_nats::jetstream::{self, stream::Stream};
use timestamp_repo::async_nats::{self, HeaderMap};
use timestamp_repo::{Nats, Relay, RelayStatus, RunningRelay, Sqlite};

use crate::server::Server;

pub(crate) const STREAM: &str = "EVENTS";

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks")]
pub(crate) struct Task {
    #[timestamped(id)]
    id: String,
    timestamps: Timestamps,
}

impl Task {
    pub(crate) fn new(id: &str) -> Self {
        Self::create(|timestamps| Self { id: id.to_owned(), timestamps }).unwrap()
    }
}

pub(crate) async fn store() -> Sqlite {
    Sqlite::in_memory().await.unwrap()
}

/// Saves an entity with as many events.
pub(crate) async fn save(store: &Sqlite, id: &str, events: u64) -> Task {
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new(id);
    tasks.save(&mut task).await.unwrap();
    for _ in 1..events {
        task.touch("changed");
        tasks.save(&mut task).await.unwrap();
    }
    task
}

/// Saves an entity with an event whose payload is about this large.
pub(crate) async fn save_large(store: &Sqlite, id: &str, bytes: usize) -> Task {
    let mut task = save(store, id, 1).await;
    task.touch_with("grew", "x".repeat(bytes)).unwrap();
    store.repository::<Task>().await.unwrap().save(&mut task).await.unwrap();
    task
}

/// With short times, so that a test does not wait.
pub(crate) fn relay(store: &Sqlite, nats: &Nats) -> Relay<Sqlite, Nats> {
    Relay::new(store.clone(), nats.clone()).poll_every(Duration::from_millis(10))
}

/// Waits, but not for ever.
pub(crate) async fn until(relay: &RunningRelay, condition: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
    let waited = tokio::time::timeout(Duration::from_secs(60), relay.wait_for(condition)).await;
    waited.unwrap_or_else(|_| panic!("it is still {:?}", relay.status())).unwrap()
}

/// A client of somebody else's.
pub(crate) async fn client(server: &Server) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

pub(crate) async fn stream(server: &Server) -> Stream {
    client(server).await.get_stream(STREAM).await.unwrap()
}

/// A message as it is in the stream.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}: {self:?}")).as_str()
    }
}

/// Everything in the stream, in its order.
pub(crate) async fn arrived(server: &Server) -> Vec<Arrived> {
    let mut stream = stream(server).await;
    let last = stream.info().await.unwrap().state.last_sequence;
    let mut arrived = Vec::new();
    for sequence in 1..=last {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let body = String::from_utf8(message.payload.to_vec()).unwrap();
        arrived.push(Arrived { subject: message.subject.to_string(), headers: message.headers, body });
    }
    arrived
}

/// The versions of each entity in the order in which they arrived, after a look that no event is there twice.
pub(crate) fn versions(arrived: &[Arrived]) -> BTreeMap<String, Vec<u64>> {
    let ids: BTreeSet<_> = arrived.iter().map(|message| message.header("ce-id")).collect();
    assert_eq!(ids.len(), arrived.len(), "an event is there twice");
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for message in arrived {
        let version = message.header("ce-sequence").parse().unwrap();
        versions.entry(message.header("ce-subject").to_owned()).or_default().push(version);
    }
    versions
}

/// Asserts that of each entity every version up to this one is there, in order.
pub(crate) fn assert_all(arrived: &[Arrived], entities: &[&str], events: u64) {
    let expected: BTreeMap<_, Vec<u64>> =
        entities.iter().map(|id| ((*id).to_owned(), (1..=events).collect())).collect();
    assert_eq!(versions(arrived), expected);
}
