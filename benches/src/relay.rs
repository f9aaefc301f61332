//! Events on their way out: by the relay, and by hand.
//!
//! By hand means: reading the table in pages into values of the same shape, with no place kept and no order watched; and
//! publishing messages that are made beforehand, with the same client and the same window of unacknowledged ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use rusqlite::Connection;
use tempfile::TempDir;
use timestamp_repo::async_nats::jetstream::stream::{Config, StorageType};
use timestamp_repo::async_nats::jetstream::{self, Context};
use timestamp_repo::async_nats::{self, HeaderMap};
use timestamp_repo::{
    CloudEvent, CloudEventSource, Nats, Relay, Repository, RunningRelay, SinkError, Sqlite, Store, StoredEvent,
};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::task::Task;

/// Rows of a page, as the relay reads them.
const PAGE: u32 = 500;

/// Unacknowledged messages, as the relay allows.
const WINDOW: usize = 256;

/// A database with events of as many entities.
#[derive(Debug)]
pub struct Stored {
    store: Sqlite,
    // After the store, so that the files are closed when their folder goes.
    folder: TempDir,
    events: u64,
    relays: AtomicU64,
}

impl Stored {
    /// Stores so many events.
    ///
    /// # Panics
    ///
    /// If the disk does.
    #[must_use]
    pub fn new(runtime: &Runtime, events: u64) -> Self {
        let folder = TempDir::with_prefix("timestamp-bench-").expect("a folder");
        let file = folder.path().join("store.db");
        let store = runtime.block_on(Sqlite::open(&file)).expect("a store");
        // As the store writes them, but all at once.
        let insert = "INSERT INTO timestamp_outbox
                (id, aggregatetype, aggregateid, type, payload, version, kind, reason, occurred_at_ms, recorded_at_ms)
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
            SELECT printf('%08x-0000-7000-8000-%012x', n, n), 'Task', printf('%08x-0000-7000-8000-%012x', n, n),
                'Task.updated', '{\"kind\":\"updated\",\"version\":1,\"reason\":\"completed\",\"at\":\"2026-01-31T12:34:56.789Z\",' ||
                '\"previous_updated_at\":\"2026-01-31T12:34:56.000Z\"}', 1, 'updated', 'completed', 1769862896789 + n, 1769862896789 + n
            FROM numbers";
        let connection = Connection::open(&file).expect("a connection");
        assert_eq!(connection.execute(insert, [events as i64]).expect("events"), events as usize);
        Self { store, folder, events, relays: AtomicU64::new(0) }
    }

    /// Hands every event to a sink that only counts, and returns how long that took from the first event on: by hand,
    /// the connection is open before the clock starts, too.
    ///
    /// # Panics
    ///
    /// If not every event arrives.
    pub fn relay_to_a_function(&self, runtime: &Runtime) -> (Duration, u32) {
        let (taken, begun) = (Arc::new(AtomicU64::new(0)), Arc::new(OnceLock::new()));
        let (counting, beginning) = (Arc::clone(&taken), Arc::clone(&begun));
        let sink = move |event: Arc<StoredEvent>| {
            if counting.fetch_add(event.version, Ordering::Relaxed) == 0 {
                beginning.get_or_init(Instant::now);
            }
            std::future::ready(Ok::<_, SinkError>(()))
        };
        // Of a new name, so that it begins with the first event.
        let name = self.relays.fetch_add(1, Ordering::Relaxed).to_string();
        let relay = Relay::new(self.store.clone(), sink).name(name);
        let status = runtime.block_on(relay.deliver_all()).expect("a way out");
        let elapsed = begun.get().expect("a first event").elapsed();
        assert_eq!((status.delivered, taken.load(Ordering::Relaxed)), (self.events, self.events));
        (elapsed, self.events as u32)
    }

    /// Reads every event in pages by hand, and returns how long that took.
    ///
    /// # Panics
    ///
    /// If not every event is read.
    pub fn read_by_hand(&self) -> (Duration, u32) {
        let connection = Connection::open(self.folder.path().join("store.db")).expect("a connection");
        let start = Instant::now();
        let (mut last, mut read) = (0, 0);
        loop {
            let page = read_page(&connection, last);
            let Some(event) = page.last() else { break };
            last = event.seq;
            read += page.iter().map(|event| event.version as u64).sum::<u64>();
            std::hint::black_box(page);
        }
        let elapsed = start.elapsed();
        assert_eq!(read, self.events);
        (elapsed, self.events as u32)
    }

    /// Publishes every event by the relay, and returns how long that took.
    ///
    /// # Panics
    ///
    /// If not every event arrives.
    pub fn relay_to_nats(&self, runtime: &Runtime, broker: &Broker) -> (Duration, u32) {
        runtime.block_on(async {
            broker.empty().await;
            let name = self.relays.fetch_add(1, Ordering::Relaxed).to_string();
            let relay = Relay::new(self.store.clone(), broker.nats.clone()).name(name).window(WINDOW);
            let start = Instant::now();
            let status = relay.deliver_all().await.expect("a way out");
            let elapsed = start.elapsed();
            assert_eq!(status.delivered, self.events);
            assert_eq!(broker.messages().await, self.events);
            (elapsed, self.events as u32)
        })
    }

    /// The same messages by hand, and how long that took.
    ///
    /// # Panics
    ///
    /// If not every event arrives.
    pub fn publish_by_hand(&self, runtime: &Runtime, broker: &Broker) -> (Duration, u32) {
        runtime.block_on(async {
            broker.empty().await;
            let messages = self.messages().await;
            let start = Instant::now();
            let published = futures_util::stream::iter(messages).map(async |(headers, body)| {
                let sent = broker.context.publish_with_headers("bench.Task.updated", headers, body.into()).await;
                sent.expect("a server").await.expect("an acknowledgement");
            });
            published.buffer_unordered(WINDOW).for_each(async |()| {}).await;
            let elapsed = start.elapsed();
            assert_eq!(broker.messages().await, self.events);
            (elapsed, self.events as u32)
        })
    }

    /// What the relay sends.
    async fn messages(&self) -> Vec<(HeaderMap, String)> {
        let source = CloudEventSource::default();
        let events = self.store.outbox().after(0, self.events as u32).await.expect("events");
        let message = |event: StoredEvent| {
            let mut headers = HeaderMap::new();
            for (name, value) in CloudEvent::new(&source, &event).headers() {
                headers.insert(name, &*value);
            }
            headers.insert(async_nats::header::NATS_MESSAGE_ID, event.id.to_string());
            (headers, event.payload)
        };
        events.into_iter().map(message).collect()
    }
}

/// An event as it is read by hand.
#[derive(Debug)]
#[expect(dead_code, reason = "what counts is that it is read")]
struct Row {
    seq: i64,
    id: Uuid,
    entity_type: String,
    entity_id: String,
    event_type: String,
    kind: String,
    version: i64,
    reason: Option<String>,
    at: i64,
    recorded_at: i64,
    payload: String,
    tenant_id: Option<String>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    traceparent: Option<String>,
}

fn read_page(connection: &Connection, after: i64) -> Vec<Row> {
    let mut statement = connection
        .prepare_cached(
            "SELECT seq, id, aggregatetype, aggregateid, type, kind, version, reason, occurred_at_ms, recorded_at_ms, payload,
                 tenantid, correlationid, causationid, traceparent
             FROM timestamp_outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )
        .expect("a statement");
    let rows = statement.query_map((after, PAGE), |row| {
        Ok(Row {
            seq: row.get(0)?,
            id: Uuid::parse_str(row.get_ref(1)?.as_str()?).expect("an id"),
            entity_type: row.get(2)?,
            entity_id: row.get(3)?,
            event_type: row.get(4)?,
            kind: row.get(5)?,
            version: row.get(6)?,
            reason: row.get(7)?,
            at: row.get(8)?,
            recorded_at: row.get(9)?,
            payload: row.get(10)?,
            tenant_id: row.get(11)?,
            correlation_id: row.get(12)?,
            causation_id: row.get(13)?,
            traceparent: row.get(14)?,
        })
    });
    rows.expect("a page").collect::<Result<_, _>>().expect("rows")
}

/// Callers who save at once, durably, with or without a relay that carries their events meanwhile.
#[derive(Debug)]
pub struct Saving<S: Store> {
    tasks: Repository<Task, S>,
    all: Vec<Task>,
    _relay: Option<RunningRelay>,
}

/// Saves of each caller in a round.
const SAVES: u32 = 10;

impl<S: Store> Saving<S> {
    /// Stores a task for each caller.
    ///
    /// # Panics
    ///
    /// If the store does.
    #[must_use]
    pub fn new(runtime: &Runtime, store: S, callers: i64, with_relay: bool) -> Self {
        runtime.block_on(async {
            let tasks = store.repository::<Task>().await.expect("a table");
            let mut all: Vec<_> = (0..callers).map(Task::new).collect();
            tasks.save_all(&mut all).await.expect("a save");
            let sink = |event: Arc<StoredEvent>| {
                std::hint::black_box(event);
                std::future::ready(Ok::<_, SinkError>(()))
            };
            let relay = with_relay.then(|| Relay::new(store, sink).start());
            if let Some(relay) = &relay {
                relay.wait_for(|status| status.is_leading).await.expect("a relay");
            }
            Self { tasks, all, _relay: relay }
        })
    }

    /// Every caller changes and saves its task a few times; returns how long that took.
    ///
    /// # Panics
    ///
    /// If the store does.
    pub fn save(&mut self, runtime: &Runtime) -> (Duration, u32) {
        runtime.block_on(async {
            let start = Instant::now();
            let mut callers = JoinSet::new();
            for mut task in self.all.drain(..) {
                let tasks = self.tasks.clone();
                callers.spawn(async move {
                    for _ in 0..SAVES {
                        task.toggle();
                        tasks.save(&mut task).await.expect("a save");
                    }
                    task
                });
            }
            self.all = callers.join_all().await;
            (start.elapsed(), SAVES * self.all.len() as u32)
        })
    }
}

/// The server that `TIMESTAMP_TEST_NATS` names, with a stream in memory, so that its disk is not what is measured.
#[derive(Debug)]
pub struct Broker {
    nats: Nats,
    context: Context,
}

const STREAM: &str = "TIMESTAMP_BENCH";

impl Broker {
    /// Connects; none, if no server is named.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    #[must_use]
    pub fn connect(runtime: &Runtime) -> Option<Self> {
        let url = std::env::var("TIMESTAMP_TEST_NATS").ok()?;
        Some(runtime.block_on(async {
            let options = Nats::options().subject("bench.{type}.{kind}");
            let nats = options.connect(&url).await.expect("a server");
            let client = async_nats::connect(&url).await.expect("a server");
            Self { nats, context: jetstream::new(client) }
        }))
    }

    /// A stream that has seen nothing, also no ids.
    async fn empty(&self) {
        // It may not be there.
        let _ = self.context.delete_stream(STREAM).await;
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec!["bench.>".to_owned()],
            storage: StorageType::Memory,
            ..Config::default()
        };
        self.context.create_stream(config).await.expect("a stream");
    }

    async fn messages(&self) -> u64 {
        self.context.get_stream(STREAM).await.expect("a stream").cached_info().state.messages
    }
}
