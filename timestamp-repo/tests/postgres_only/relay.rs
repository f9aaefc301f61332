//! The relay beside transactions that overlap: what only PostgreSQL lets happen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use timestamp_core::{Clock, Timestamped};
use timestamp_repo::{Postgres, Relay, Repository, RunningRelay, Sink, SinkError, StoredEvent};
use uuid::Uuid;

use crate::database::{Place, Task};

/// A sink that remembers what it took, and is away after so many.
#[derive(Clone)]
pub(crate) struct Taken {
    events: Arc<Mutex<Vec<StoredEvent>>>,
    room: usize,
}

impl Taken {
    pub(crate) fn new() -> Self {
        Self::up_to(usize::MAX)
    }

    pub(crate) fn up_to(room: usize) -> Self {
        Self { events: Arc::default(), room }
    }

    pub(crate) fn all(&self) -> Vec<StoredEvent> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn seqs(&self) -> Vec<i64> {
        self.all().iter().map(|event| event.seq).collect()
    }

    fn versions(&self, id: Uuid) -> Vec<u64> {
        let id = id.to_string();
        self.all().iter().filter(|event| event.entity_id == id).map(|event| event.version).collect()
    }

    /// Waits until so many were taken.
    pub(crate) async fn wait_for(&self, count: usize) {
        for _ in 0..2_000 {
            if self.events.lock().unwrap().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} of {count} events were delivered", self.events.lock().unwrap().len());
    }
}

impl Sink for Taken {
    async fn deliver(&self, event: Arc<StoredEvent>) -> Result<(), SinkError> {
        let mut events = self.events.lock().unwrap();
        if events.len() >= self.room {
            return Err(SinkError::unavailable("there is no room"));
        }
        events.push(StoredEvent::clone(&event));
        Ok(())
    }
}

/// Delivers what can be read now.
pub(crate) async fn deliver(store: &Postgres, sink: &Taken) {
    Relay::new(store.clone(), sink.clone()).deliver_all().await.unwrap();
}

async fn open(place: &Place) -> (Postgres, Repository<Task, Postgres>) {
    let store = place.store_with(Postgres::options().lock_timeout(Duration::from_secs(2))).await;
    let tasks = store.repository().await.unwrap();
    (store, tasks)
}

async fn saved(tasks: &Repository<Task, Postgres>) -> Task {
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    task
}

async fn touched(tasks: &Repository<Task, Postgres>, task: &mut Task) {
    task.touch("again");
    tasks.save(task).await.unwrap();
}

/// Events of other entities, each in a transaction with the others of the same call.
pub(crate) async fn insert_events(place: &Place, count: u32) {
    place
        .sql(&format!(
            "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, occurred_at_ms, \
             recorded_at_ms) SELECT gen_random_uuid(), 'Other', gen_random_uuid()::text, 'Other.created', '{{}}', 1, \
             'created', 0, 0 FROM generate_series(1, {count})"
        ))
        .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_late_commit_is_never_skipped() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new("late")).await.unwrap();
    saved(&tasks).await;
    deliver(&store, &sink).await;
    assert_eq!(sink.seqs(), [2]);
    saved(&tasks).await;
    unit.commit().await.unwrap();
    deliver(&store, &sink).await;
    assert_eq!(sink.seqs(), [2, 1, 3]);
    deliver(&store, &sink).await;
    assert_eq!(sink.seqs().len(), 3);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn an_older_transaction_that_commits_after_a_newer_one_on_the_same_entity_is_not_reordered() {
    for deliver_between in [false, true] {
        let place = Place::new().await;
        let (store, tasks) = open(&place).await;
        let sink = Taken::new();
        let mut task = saved(&tasks).await;

        let mut older = store.begin().await.unwrap();
        older.save(&mut Task::new("takes a number")).await.unwrap();
        touched(&tasks, &mut task).await;
        if deliver_between {
            deliver(&store, &sink).await;
        }
        task.touch("by the older one");
        older.save(&mut task).await.unwrap();
        older.commit().await.unwrap();
        let numbers = format!(
            "SELECT bool_and(xid < (SELECT xid FROM timestamp_outbox WHERE aggregateid = '{0}' AND version = 2)) FROM \
             timestamp_outbox WHERE aggregateid = '{0}' AND version = 3",
            task.id
        );
        assert_eq!(place.list(&numbers).await, "t");

        deliver(&store, &sink).await;
        assert_eq!(sink.versions(task.id), [1, 2, 3]);
        assert_eq!(sink.all().len(), 4);
        place.remove().await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn transactions_whose_numbers_and_commits_are_in_opposite_order_arrive_as_they_commit() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let (sink, one_by_one) = (Taken::new(), Taken::new());
    let by_one = Relay::new(store.clone(), one_by_one.clone()).name("one by one");
    saved(&tasks).await;
    let mut units = Vec::new();
    for _ in 0..3 {
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut Task::new("a")).await.unwrap();
        units.push(unit);
    }
    while let Some(unit) = units.pop() {
        unit.commit().await.unwrap();
        by_one.deliver_all().await.unwrap();
    }
    assert_eq!(one_by_one.seqs(), [1, 4, 3, 2]);
    deliver(&store, &sink).await;
    assert_eq!(sink.seqs(), [1, 2, 3, 4]);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_held_transaction_delays_only_its_own_events_and_is_reported() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    let relay = Relay::new(store.clone(), sink.clone()).start();
    // It has written nothing to the outbox, so it holds nothing back.
    let reader = place.connection().await;
    reader.batch_execute("BEGIN; SELECT pg_current_xact_id(); SELECT count(*) FROM timestamp_outbox").await.unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new("held")).await.unwrap();
    let held = relay.wait_for(|status| status.held_transactions == 1 && status.oldest_held.is_some());
    tokio::time::timeout(Duration::from_secs(10), held).await.unwrap().unwrap();
    for count in 1..=3 {
        saved(&tasks).await;
        sink.wait_for(count).await;
    }
    assert_eq!(sink.seqs(), [2, 3, 4]);
    reader.batch_execute("ROLLBACK").await.unwrap();
    unit.commit().await.unwrap();
    sink.wait_for(4).await;
    assert_eq!(sink.seqs(), [2, 3, 4, 1]);
    let freed = relay.wait_for(|status| status.held_transactions == 0 && status.oldest_held.is_none());
    tokio::time::timeout(Duration::from_secs(10), freed).await.unwrap().unwrap();
    relay.stop().await.unwrap();
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_transaction_in_another_database_or_schema_delays_nothing() {
    let (place, elsewhere) = (Place::new().await, Place::new().await);
    let name = &place.schema;
    place.sql(&format!("CREATE DATABASE {name}")).await;
    let url = crate::database::server();
    let (rest, options) = url.split_once('?').map_or((&*url, String::new()), |(url, rest)| (url, format!("?{rest}")));
    let other = format!("{}/{name}{options}", rest.rsplit_once('/').unwrap().0);
    let (other, connection) =
        timestamp_repo::tokio_postgres::connect(&other, timestamp_repo::tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    other.batch_execute("CREATE TABLE t (i int); BEGIN; INSERT INTO t VALUES (1)").await.unwrap();
    let (elsewhere_store, _) = open(&elsewhere).await;
    let mut unit = elsewhere_store.begin().await.unwrap();
    unit.save(&mut Task::new("in another schema")).await.unwrap();

    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    let relay = Relay::new(store.clone(), sink.clone()).start();
    for count in 1..=3 {
        saved(&tasks).await;
        sink.wait_for(count).await;
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(relay.status().held_transactions, 0);
    relay.stop().await.unwrap();
    drop(other);
    connection.await.unwrap().unwrap();
    unit.rollback();
    place.sql(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    place.remove().await;
    elsewhere.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_prepared_transaction_is_held_and_not_skipped() {
    // It survives its connection, and servers allow none unless told to.
    let place = Place::new().await;
    if place.list("SHOW max_prepared_transactions").await == "0" {
        place.remove().await;
        let cluster = crate::cluster::Cluster::start();
        cluster.sql("ALTER SYSTEM SET max_prepared_transactions = 2").await;
        cluster.crash();
        cluster.start_again();
        return prepared(Place::on(&cluster.url).await).await;
    }
    prepared(place).await;
}

async fn prepared(place: Place) {
    let (store, tasks) = open(&place).await;
    let mut task = saved(&tasks).await;
    let sink = Taken::new();
    deliver(&store, &sink).await;
    place
        .sql(&format!(
            "BEGIN; INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, \
             occurred_at_ms, recorded_at_ms) VALUES (gen_random_uuid(), 'Other', '1', 'Other.created', '{{}}', 1, \
             'created', 0, 0); PREPARE TRANSACTION '{}'",
            place.schema
        ))
        .await;
    touched(&tasks, &mut task).await;
    let relay = Relay::new(store.clone(), sink.clone()).start();
    sink.wait_for(2).await;
    let held = relay.wait_for(|status| status.held_transactions == 1 && status.oldest_held.is_some());
    tokio::time::timeout(Duration::from_secs(10), held).await.unwrap().unwrap();
    place.sql(&format!("COMMIT PREPARED '{}'", place.schema)).await;
    sink.wait_for(3).await;
    assert_eq!(sink.seqs(), [1, 3, 2]);
    relay.stop().await.unwrap();
    place.remove().await;
}

/// Between two events of one window lie more of others than a page looks at, and before it others that are done.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_large_window_with_a_late_event_far_behind_is_read_whole_and_in_order() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    insert_events(&place, 3).await;
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new("late")).await.unwrap();
    insert_events(&place, 12_000).await;
    deliver(&store, &sink).await;
    assert_eq!(sink.seqs(), (1..=3).chain(5..=12_004).collect::<Vec<_>>());
    insert_events(&place, 700).await;
    unit.commit().await.unwrap();
    saved(&tasks).await;

    let before = sink.seqs().len();
    deliver(&store, &sink).await;
    let expected: Vec<i64> = [4].into_iter().chain(12_005..=12_705).collect();
    assert_eq!(sink.seqs()[before..], expected);
    deliver(&store, &sink).await;
    assert_eq!(sink.seqs().len(), 12_705);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_relay_goes_on_in_the_middle_of_a_window() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    insert_events(&place, 2_600).await;
    let mut taken = Vec::new();
    let mut held = None;
    for n in 0..3 {
        let sink = Taken::up_to(700);
        let relay = Relay::new(store.clone(), sink.clone()).start();
        sink.wait_for(700).await;
        // What is stored meanwhile belongs to the next window, also where its number is small.
        if n == 0 {
            let mut unit = store.begin().await.unwrap();
            unit.save(&mut Task::new("late")).await.unwrap();
            saved(&tasks).await;
            held = Some(unit);
        } else if let Some(unit) = held.take() {
            unit.commit().await.unwrap();
        }
        relay.stop().await.unwrap();
        assert_eq!(place.list("SELECT within IS NOT NULL AND seq >= 700 FROM timestamp_relay").await, "t");
        taken.extend(sink.seqs());
    }
    let sink = Taken::new();
    deliver(&store, &sink).await;
    taken.extend(sink.seqs());
    let (all, count) = ((1..=2_602).collect::<Vec<i64>>(), taken.len());
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken, all);
    assert!(count < 2_602 + 3 * 256, "{count} deliveries");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn only_named_types_are_read_and_the_others_are_passed_over() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    let relay = Relay::new(store.clone(), sink.clone()).only::<Task>();
    let mut expected = Vec::new();
    for (others, mine) in [(6_000, 1), (3, 2), (800, 0), (0, 1)] {
        insert_events(&place, others).await;
        for _ in 0..mine {
            let task = saved(&tasks).await;
            expected.push(store.outbox().of(&task).await.unwrap()[0].seq);
        }
        relay.deliver_all().await.unwrap();
        assert_eq!(sink.seqs(), expected);
    }
    // All of them are behind the place.
    let unread = "SELECT count(*) FROM timestamp_outbox, timestamp_relay WHERE NOT pg_visible_in_snapshot(xid, after)";
    assert_eq!(place.list(unread).await, "0");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn an_idle_relay_writes_nothing_but_its_lease() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    let lease = Duration::from_secs(60);
    let relay = Relay::new(store.clone(), sink.clone()).lease(lease).poll_every(Duration::from_millis(5)).start();
    saved(&tasks).await;
    sink.wait_for(1).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let version = "SELECT xmin::text FROM timestamp_relay";
    let before = place.list(version).await;
    for _ in 0..20 {
        place.sql("SELECT pg_current_xact_id()").await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(place.list(version).await, before);
    drop(relay);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn of_two_relays_in_two_stores_one_leads_and_the_other_takes_over_when_it_dies() {
    let place = Place::new().await;
    let (_, tasks) = open(&place).await;
    let (other, _) = open(&place).await;
    let (first, second) = (Taken::new(), Taken::new());
    let lease = Duration::from_millis(900);
    let start = |store: &Postgres, sink: &Taken| Relay::new(store.clone(), sink.clone()).lease(lease).start();
    // It will die with its runtime.
    let program = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (url, sink) = (place.url.clone(), first.clone());
    let leading =
        program.spawn(async move { Relay::new(Postgres::connect(url).await.unwrap(), sink).lease(lease).start() });
    let leading = leading.await.unwrap();
    leading.wait_for(|status| status.is_leading).await.unwrap();
    let waiting = start(&other, &second);
    let mut task = saved(&tasks).await;
    first.wait_for(1).await;
    tokio::time::sleep(2 * lease).await;
    assert!(!waiting.status().is_leading && leading.status().is_leading);
    assert_eq!(second.seqs(), [0; 0]);

    let died = Instant::now();
    program.shutdown_background();
    touched(&tasks, &mut task).await;
    second.wait_for(1).await;
    assert!(died.elapsed() >= lease / 2 && died.elapsed() < lease * 4, "{:?}", died.elapsed());
    assert_eq!(second.versions(task.id).last(), Some(&2));
    waiting.stop().await.unwrap();
    place.remove().await;
}

/// What a leader writes whose lease is another's is refused, whatever it writes.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_leader_that_slept_too_long_writes_nothing() {
    let place = Place::new().await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    let lease = Duration::from_millis(600);
    let relay = Relay::new(store.clone(), sink.clone()).lease(lease).start();
    relay.wait_for(|status| status.is_leading).await.unwrap();
    // Somebody else takes over, and is much further.
    let snapshot = place.list("SELECT pg_current_snapshot()::text").await;
    place
        .sql(&format!(
            "UPDATE timestamp_relay SET token = token + 1, holder = gen_random_uuid(), after = '{snapshot}', lease_until = \
             now() + interval '1 hour'"
        ))
        .await;
    saved(&tasks).await;
    let led = relay.wait_for(|status| !status.is_leading);
    tokio::time::timeout(Duration::from_secs(10), led).await.unwrap().unwrap();
    assert_eq!(place.list("SELECT after::text || within FROM timestamp_relay").await, "NULL");
    assert_eq!(place.list("SELECT after::text FROM timestamp_relay").await, snapshot);
    relay.stop().await.unwrap();
    assert_eq!(place.list("SELECT lease_until > now() FROM timestamp_relay").await, "t");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn events_are_deleted_only_when_they_are_behind_every_relay_also_late_ones() {
    let place = Place::new().await;
    let clock = Clock::manual("2026-01-01T00:00:00Z".parse().unwrap());
    let store = place.store_with(Postgres::options().clock(&clock)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    let (sink, slow) = (Taken::new(), Taken::new());
    let slower = Relay::new(store.clone(), slow.clone()).name("slower");
    slower.deliver_all().await.unwrap();

    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new("late")).await.unwrap();
    saved(&tasks).await;
    deliver(&store, &sink).await;
    clock.advance(2 * day);
    saved(&tasks).await;
    deliver(&store, &sink).await;
    assert_eq!(store.outbox().prune(day).await.unwrap(), 0, "the slower one has read nothing");
    slower.deliver_all().await.unwrap();
    assert_eq!(store.outbox().prune(day).await.unwrap(), 1);
    assert_eq!(place.list("SELECT seq FROM timestamp_outbox").await, "3");

    unit.commit().await.unwrap();
    assert_eq!(store.outbox().prune(day).await.unwrap(), 0, "it is old, and nobody has read it");
    slower.deliver_all().await.unwrap();
    assert_eq!(store.outbox().prune(day).await.unwrap(), 0, "one has not read it");
    deliver(&store, &sink).await;
    assert_eq!(store.outbox().prune(day).await.unwrap(), 1);
    assert_eq!((sink.seqs(), slow.seqs()), (vec![2, 3, 1], vec![2, 3, 1]));
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn parked_events_hide_no_others_from_retention() {
    let place = Place::new().await;
    let store = place.store().await;
    insert_events(&place, 12_500).await;
    // As if a relay had parked the oldest.
    place
        .sql(
            "INSERT INTO timestamp_parked (relay, seq, aggregatetype, aggregateid, refusals, parked_at_ms) SELECT 'a', seq, \
             aggregatetype, aggregateid, 0, 0 FROM timestamp_outbox WHERE seq <= 11000",
        )
        .await;
    assert_eq!(store.outbox().prune(Duration::from_secs(24 * 60 * 60)).await.unwrap(), 1_500);
    assert_eq!(place.list("SELECT max(seq) FROM timestamp_outbox").await, "11000");
    place.remove().await;
}

/// What the server has read, as its own counters say, when every session has reported.
async fn rows_read(place: &Place) -> (i64, i64) {
    let counted = place
        .list(
            "SELECT seq_scan || ' ' || (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes i WHERE i.relid = \
             t.relid) FROM pg_stat_user_tables t WHERE relid = 'timestamp_outbox'::regclass",
        )
        .await;
    let (scans, rows) = counted.split_once(' ').unwrap();
    (scans.parse().unwrap(), rows.parse().unwrap())
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn what_a_page_costs_does_not_depend_on_the_size_of_the_outbox() {
    let place = Place::new().await;
    place.store().await;
    // The server knows nothing about the table.
    place.sql("ALTER TABLE timestamp_outbox SET (autovacuum_enabled = false)").await;
    insert_events(&place, 200_000).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let before = rows_read(&place).await;

    // A window that is all of it.
    let (store, tasks) = open(&place).await;
    let sink = Taken::up_to(5_000);
    Relay::new(store.clone(), sink.clone()).deliver_all().await.unwrap_err();
    drop((store, tasks));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let catching_up = rows_read(&place).await;
    assert_eq!(catching_up.0, before.0, "the whole table was read");
    let rows = catching_up.1 - before.1;
    assert!((5_000..12_000).contains(&rows), "{rows} rows were read");

    // Windows of one event each.
    place.sql("UPDATE timestamp_relay SET after = pg_current_snapshot(), within = NULL, seq = 0").await;
    let (store, tasks) = open(&place).await;
    let sink = Taken::new();
    for count in 1..=50 {
        saved(&tasks).await;
        deliver(&store, &sink).await;
        assert_eq!(sink.seqs().len(), count);
    }
    drop((store, tasks));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let steady = rows_read(&place).await;
    assert_eq!(steady.0, catching_up.0, "the whole table was read");
    let rows = steady.1 - catching_up.1;
    assert!(rows < 50 * 20, "{rows} rows were read");
    place.remove().await;
}

/// Every event that is stored was delivered, and never one before an earlier one of its entity.
fn assert_complete_and_in_order(delivered: &[StoredEvent], stored: &[StoredEvent]) {
    let mut known: BTreeMap<&str, u64> = BTreeMap::new();
    for event in delivered {
        let known = known.entry(&event.entity_id).or_default();
        assert!(event.version <= *known + 1, "{event} was delivered after version {known}");
        *known = (*known).max(event.version);
    }
    for event in stored {
        let known = known.get(&*event.entity_id).copied().unwrap_or(0);
        assert!(event.version <= known, "{event} was skipped");
    }
}

/// A number that is different each time, and the same for the same seed.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Writes for a while: alone, in units, with pauses between a write and its commit, and often rolled back.
async fn write(store: Postgres, ids: Arc<Vec<Uuid>>, mut seed: u64, until: Instant) {
    let tasks = store.repository::<Task>().await.unwrap();
    while Instant::now() < until {
        let some = |seed: &mut u64| ids[random(seed) as usize % ids.len()];
        if !random(&mut seed).is_multiple_of(3) {
            let Ok(Some(mut task)) = tasks.find(&some(&mut seed)).await else { continue };
            task.touch("alone");
            // A conflict, or somebody who holds the row for too long, is no more than that.
            let _ = tasks.save(&mut task).await;
            continue;
        }
        let mut unit = store.begin().await.unwrap();
        for _ in 0..=random(&mut seed) % 3 {
            if unit.save(&mut Task::new("new")).await.is_err() {
                break;
            }
            if let Ok(Some(mut task)) = unit.find::<Task>(&some(&mut seed)).await {
                task.touch("in a unit");
                let _ = unit.save(&mut task).await;
            }
            tokio::time::sleep(Duration::from_millis(random(&mut seed) % 30)).await;
        }
        if !random(&mut seed).is_multiple_of(5) {
            let _ = unit.commit().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn under_many_writers_and_restarts_nothing_is_skipped_and_nothing_overtakes() {
    let place = Place::new().await;
    let options = || Postgres::options().pool_size(12).lock_timeout(Duration::from_millis(300));
    let writing = options().connect(&place.url).await.unwrap();
    let tasks = writing.repository::<Task>().await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(saved(&tasks).await.id);
    }
    let (ids, until) = (Arc::new(ids), Instant::now() + Duration::from_secs(5));
    let seed = u64::from_be_bytes(Uuid::new_v4().as_bytes()[..8].try_into().unwrap());
    println!("seed {seed}");
    let writers: Vec<_> =
        (0..8).map(|n| tokio::spawn(write(writing.clone(), Arc::clone(&ids), seed.wrapping_add(n), until))).collect();

    let relaying = place.store().await;
    let sink = Taken::new();
    let mut state = seed;
    let start = || -> RunningRelay {
        let relay = Relay::new(relaying.clone(), sink.clone()).lease(Duration::from_millis(300));
        relay.poll_every(Duration::from_millis(2)).start()
    };
    while Instant::now() < until {
        let relay = start();
        tokio::time::sleep(Duration::from_millis(random(&mut state) % 700)).await;
        // As a crash, or as one does.
        if random(&mut state).is_multiple_of(2) { drop(relay) } else { relay.stop().await.unwrap() }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    deliver(&relaying, &sink).await;
    let stored = writing.outbox().after(0, u32::MAX).await.unwrap();
    assert!(stored.len() > 300, "{} events", stored.len());
    assert_complete_and_in_order(&sink.all(), &stored);
    // The numbers were not those of the commits, or this would prove little.
    let delivered = sink.seqs();
    assert!(delivered.windows(2).filter(|two| two[1] < two[0]).count() > 10);
    place.remove().await;
}

/// A relay that would not look for a minute by itself.
fn only_woken(store: &Postgres, sink: &Taken) -> RunningRelay {
    Relay::new(store.clone(), sink.clone()).poll_every(Duration::from_secs(60)).start()
}

/// How many connections of this place's relays listen.
async fn listeners(place: &Place, count: &str) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN timestamp_outbox_' || \
               'timestamp_outbox'::regclass::oid";
    for _ in 0..400 {
        if place.list(sql).await == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} connections listen", place.list(sql).await);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_save_in_another_program_wakes_the_relay() {
    let place = Place::new().await;
    let ((saving, tasks), (relaying, _)) = (open(&place).await, open(&place).await);
    let sink = Taken::new();
    let relay = only_woken(&relaying, &sink);
    listeners(&place, "1").await;
    let mut task = saved(&tasks).await;
    sink.wait_for(1).await;
    let mut delays = Vec::new();
    for count in 2..=30 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let committed = Instant::now();
        touched(&tasks, &mut task).await;
        sink.wait_for(count).await;
        delays.push(committed.elapsed());
    }
    delays.sort_unstable();
    println!("from a save to its delivery: {:?}", delays[delays.len() / 2]);

    // Several at once are told of together, and none is forgotten.
    for _ in 0..50 {
        touched(&tasks, &mut task).await;
    }
    sink.wait_for(80).await;

    // The connection that listens is ended, and another one begins.
    place
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN timestamp_outbox_%' AND query \
              LIKE '%' || 'timestamp_outbox'::regclass::oid")
        .await;
    touched(&tasks, &mut task).await;
    sink.wait_for(81).await;
    listeners(&place, "1").await;
    relay.stop().await.unwrap();
    listeners(&place, "0").await;
    drop(saving);
    place.remove().await;
}

/// What [`a_save_in_another_process_wakes_the_relay`] starts in a process of its own.
#[tokio::test]
#[ignore = "runs in a child process"]
async fn child_saves() {
    let Ok(url) = std::env::var("TIMESTAMP_TEST_CHILD_OF") else { return };
    let store = Postgres::connect(url).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = saved(&tasks).await;
    touched(&tasks, &mut task).await;
    // Before the process ends, or nobody is told.
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_save_in_another_process_wakes_the_relay() {
    let place = Place::new().await;
    let (store, _) = open(&place).await;
    let sink = Taken::new();
    // It looks by itself after a minute, which is longer than the test waits.
    let relay = only_woken(&store, &sink);
    listeners(&place, "1").await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "--ignored", "relay::child_saves"]).env("TIMESTAMP_TEST_CHILD_OF", &place.url);
    let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
    sink.wait_for(2).await;
    assert_eq!(sink.all().iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2]);
    assert!(child.wait().unwrap().success());
    relay.stop().await.unwrap();
    drop(store);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn only_stores_of_the_same_tables_are_told_and_only_of_what_was_stored() {
    let (place, other) = (Place::new().await, Place::new().await);
    let ((store, tasks), (_, elsewhere)) = (open(&place).await, open(&other).await);
    let (listening, mut connection) =
        timestamp_repo::tokio_postgres::connect(&place.url, timestamp_repo::tokio_postgres::NoTls).await.unwrap();
    let heard = Arc::new(Mutex::new(0));
    let counting = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if matches!(message, timestamp_repo::tokio_postgres::AsyncMessage::Notification(_)) {
                *counting.lock().unwrap() += 1;
            }
        }
    });
    let channel = place.list("SELECT 'timestamp_outbox_' || 'timestamp_outbox'::regclass::oid").await;
    listening.batch_execute(&format!("LISTEN {channel}")).await.unwrap();
    let heard = async || {
        tokio::time::sleep(Duration::from_millis(150)).await;
        listening.batch_execute("").await.unwrap();
        *heard.lock().unwrap()
    };
    saved(&elsewhere).await;
    tasks.find(&Uuid::now_v7()).await.unwrap();
    assert_eq!(heard().await, 0);
    saved(&tasks).await;
    assert_eq!(heard().await, 0, "no relay is at work that could hear it");
    let relay = Relay::new(store.clone(), Taken::new()).start();
    relay.wait_for(|status| status.is_leading).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    saved(&tasks).await;
    assert_eq!(heard().await, 0, "a relay of this program is told without the server");
    // One that is at work elsewhere is noticed within a second.
    place
        .sql(
            "INSERT INTO timestamp_relay (name, token, holder, lease_until) VALUES ('elsewhere', 1, gen_random_uuid(), \
              clock_timestamp() + interval '1 hour')",
        )
        .await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let begun = Instant::now();
    for _ in 0..40 {
        saved(&tasks).await;
    }
    let most = begun.elapsed().as_millis() / 20 + 2;
    let told = heard().await;
    assert!(told >= 1 && told <= most, "told {told} times, {most} were allowed");
    relay.stop().await.unwrap();
    place.remove().await;
    other.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_store_that_is_dropped_closes_its_connections_also_after_signals() {
    let place = Place::new().await;
    let name = place.schema.clone();
    let store = place.store_with(Postgres::options().application_name(&name)).await;
    let sink = Taken::new();
    let relay = only_woken(&store, &sink);
    saved(&store.repository().await.unwrap()).await;
    sink.wait_for(1).await;
    relay.stop().await.unwrap();
    drop(store);
    let open = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'");
    for _ in 0..200 {
        if place.list(&open).await == "0" {
            return place.remove().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} connections are open", place.list(&open).await);
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_role_that_relays_needs_no_more_than_the_relays_tables() {
    let place = Place::new().await;
    let (_, tasks) = open(&place).await;
    let role = place.role("GRANT SELECT ON timestamp_migrations, timestamp_store TO").await;
    place
        .sql(&format!(
            "GRANT SELECT ON timestamp_outbox TO {0}; GRANT SELECT, INSERT, UPDATE, DELETE ON timestamp_relay, \
             timestamp_parked, timestamp_refused TO {0}",
            role.name
        ))
        .await;
    let relaying = Postgres::connect(&role.url).await.unwrap();
    let sink = Taken::new();
    let relay = Relay::new(relaying.clone(), sink.clone()).start();
    saved(&tasks).await;
    sink.wait_for(1).await;
    // Somebody else's transaction, whose age only members of `pg_read_all_stats` see.
    let connection = place.connection().await;
    connection.batch_execute("BEGIN; DELETE FROM timestamp_outbox WHERE false").await.unwrap();
    let held = relay.wait_for(|status| status.held_transactions == 1);
    tokio::time::timeout(Duration::from_secs(10), held).await.unwrap().unwrap();
    assert_eq!(relay.status().oldest_held, None);
    connection.batch_execute("ROLLBACK").await.unwrap();
    relay.stop().await.unwrap();
    role.remove(&place).await;
    place.remove().await;
}

/// A role that saves need not see relays; then it is taken for granted that one listens.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_role_that_may_not_see_relays_tells_them_all_the_same() {
    let place = Place::new().await;
    let (relaying, _) = open(&place).await;
    let role = place.role("GRANT SELECT ON timestamp_migrations, timestamp_store TO").await;
    place
        .sql(&format!(
            "GRANT SELECT, INSERT ON timestamp_outbox TO {0}; GRANT SELECT, INSERT, UPDATE ON tasks TO {0}",
            role.name
        ))
        .await;
    let store = Postgres::connect(&role.url).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let sink = Taken::new();
    let relay = only_woken(&relaying, &sink);
    listeners(&place, "1").await;
    let mut task = saved(&tasks).await;
    touched(&tasks, &mut task).await;
    sink.wait_for(2).await;
    relay.stop().await.unwrap();
    drop((store, tasks));
    role.remove(&place).await;
    place.remove().await;
}
