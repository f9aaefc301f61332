//! Relays whose tables came from another server, or whose places are ahead of this one.

use timestamp_core::Timestamped;
use timestamp_repo::{ConnectError, Postgres, Relay};

use crate::cluster::Cluster;
use crate::copies::dump;
use crate::database::{Place, Task};
use crate::relay::{Taken, insert_events};

impl Cluster {
    /// Uses up numbers of transactions.
    async fn burn(&self) {
        // A block that writes has a number of its own.
        self.sql(
            "CREATE TEMP TABLE burnt (i int); DO $$ BEGIN FOR i IN 1..20000 LOOP BEGIN INSERT INTO burnt VALUES (i); \
             EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END $$",
        )
        .await;
    }
}

async fn deliver(store: &Postgres, relay: &str, sink: &Taken) {
    Relay::new(store.clone(), sink.clone()).name(relay).deliver_all().await.unwrap();
}

/// Moves a store whose relays stand at different places, one of them in the middle of a window.
async fn relays_are_moved(old: Cluster, new: Cluster) {
    let place = Place::on(&old.url).await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    insert_events(&place, 2_000).await;
    let sink = Taken::new();
    deliver(&store, "fast", &sink).await;
    let sink = Taken::up_to(1_200);
    let slow = Relay::new(store.clone(), sink.clone()).name("slow").start();
    sink.wait_for(1_200).await;
    slow.stop().await.unwrap();
    assert_eq!(place.list("SELECT within IS NOT NULL FROM timestamp_relay ORDER BY name").await, "f, t");
    let done: i64 = place.list("SELECT seq FROM timestamp_relay WHERE name = 'slow'").await.parse().unwrap();
    task.touch("delivered by nobody");
    tasks.save(&mut task).await.unwrap();

    let Some(dump) = dump(&place).await else { return };
    new.sql(&dump).await;
    let url = place.url.replace(&old.url, &new.url);
    let error = Postgres::connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::OtherServer { .. }), "{error:?}");
    let moved = Postgres::options().rebase().pool_size(4).connect(&url).await.unwrap();
    let copy = Place { schema: place.schema.clone(), url: url.clone() };
    let leases = copy.list("SELECT lease_until = '-infinity' AND token = 2 FROM timestamp_relay").await;
    assert_eq!(leases, "t, t");
    let refused = copy.connection().await.batch_execute("UPDATE timestamp_outbox SET xid = '7'").await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("never changed"), "{refused:?}");

    let tasks = moved.repository::<Task>().await.unwrap();
    let mut task = tasks.find(&task.id).await.unwrap().unwrap();
    task.touch("on the new server");
    let mut unit = moved.begin().await.unwrap();
    unit.save(&mut Task::new("late")).await.unwrap();
    tasks.save(&mut task).await.unwrap();
    let undelivered: Vec<i64> = (done + 1..=2_002).collect();
    for relay in ["fast", "slow"] {
        let sink = Taken::new();
        deliver(&moved, relay, &sink).await;
        let again: Vec<i64> = undelivered.iter().copied().chain([2_004]).collect();
        assert_eq!(sink.seqs(), again, "of {relay}");
    }
    unit.commit().await.unwrap();
    for relay in ["fast", "slow"] {
        let sink = Taken::new();
        deliver(&moved, relay, &sink).await;
        assert_eq!(sink.seqs(), [2_003], "of {relay}");
    }
    // One that is new delivers everything, in order.
    let sink = Taken::new();
    deliver(&moved, "new", &sink).await;
    assert_eq!(sink.seqs(), (1..=2_004).collect::<Vec<_>>());
    Postgres::connect(&url).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn relays_of_a_dump_go_on_where_they_were_on_a_server_that_is_far_behind() {
    let (old, new) = (Cluster::start(), Cluster::start());
    old.burn().await;
    relays_are_moved(old, new).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn relays_of_a_dump_go_on_where_they_were_on_a_server_that_is_far_ahead() {
    let (old, new) = (Cluster::start(), Cluster::start());
    new.burn().await;
    relays_are_moved(old, new).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_relay_or_an_event_that_is_ahead_of_the_server_is_refused_until_it_is_rebased() {
    for ahead in [
        "UPDATE timestamp_relay SET after = '999999999999:999999999999:'",
        "UPDATE timestamp_relay SET within = '999999999999:999999999999:'",
        "ALTER TABLE timestamp_outbox DISABLE TRIGGER USER; UPDATE timestamp_outbox SET xid = '999999999999' WHERE seq = 2; \
         ALTER TABLE timestamp_outbox ENABLE TRIGGER USER",
    ] {
        let place = Place::new().await;
        let store = place.store().await;
        let tasks = store.repository::<Task>().await.unwrap();
        tasks.save(&mut Task::new("delivered")).await.unwrap();
        deliver(&store, "default", &Taken::new()).await;
        tasks.save(&mut Task::new("not delivered")).await.unwrap();
        place.sql(ahead).await;
        let error = Postgres::connect(&place.url).await.unwrap_err();
        assert!(matches!(error, ConnectError::OtherServer { .. }), "{ahead}: {error:?}");
        Postgres::options().read_only().connect(&place.url).await.unwrap();

        let store = Postgres::options().rebase().connect(&place.url).await.unwrap();
        Postgres::connect(&place.url).await.unwrap();
        tasks.save(&mut Task::new("new")).await.unwrap();
        let sink = Taken::new();
        deliver(&store, "default", &sink).await;
        // A place in the future says that everything is behind it, and there is nothing that knows better.
        let expected: &[i64] = if ahead.contains("SET after") { &[3] } else { &[2, 3] };
        assert_eq!(sink.seqs(), expected, "{ahead}");
        place.remove().await;
    }
}
