use timestamp_core::Timestamped;

use crate::database::{Place, Task};

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_outbox_has_the_columns_that_others_read() {
    let place = Place::new().await;
    place.store().await;
    let columns = place
        .list(&format!(
            "SELECT column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN '' ELSE '?' END FROM \
             information_schema.columns WHERE table_schema = '{}' AND table_name = 'timestamp_outbox' ORDER BY \
             ordinal_position",
            place.schema
        ))
        .await;
    assert_eq!(
        columns,
        "seq bigint, id uuid, aggregatetype text, aggregateid text, type text, payload json, version bigint, kind text, \
         reason text?, occurred_at_ms bigint, recorded_at_ms bigint, tenantid text?, correlationid text?, causationid \
         text?, traceparent text?, xid xid8"
    );
    let keys = place
        .list(&format!(
            "SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = \
             '{}'::regnamespace AND contype IN ('p', 'u') ORDER BY 1",
            place.schema
        ))
        .await;
    assert_eq!(
        keys,
        "timestamp_inbox PRIMARY KEY (consumer, event_id), timestamp_migrations PRIMARY KEY (version), timestamp_outbox \
         PRIMARY KEY (seq), timestamp_outbox UNIQUE (aggregatetype, aggregateid, version), timestamp_outbox UNIQUE (id), \
         timestamp_parked PRIMARY KEY (relay, seq), timestamp_refused PRIMARY KEY (relay, seq), timestamp_relay PRIMARY \
         KEY (name), timestamp_store PRIMARY KEY (one_row)"
    );
    assert_eq!(
        place.list("SELECT seqcache FROM pg_sequence WHERE seqrelid = 'timestamp_outbox_seq_seq'::regclass").await,
        "1"
    );
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_stored_event_is_never_changed() {
    let place = Place::new().await;
    let store = place.store().await;
    store.repository::<Task>().await.unwrap().save(&mut Task::new("a")).await.unwrap();
    let refused = place.connection().await.batch_execute("UPDATE timestamp_outbox SET reason = 'x'").await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("never changed"));
    place.remove().await;
}

/// What a bulk touch makes in SQL, a save makes in Rust.
#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn events_of_bulk_touches_are_those_of_saves() {
    let times = [
        "0000-01-01T00:00:00.000Z",
        "0000-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00.000Z",
        "1900-02-28T23:59:59.001Z",
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00.000Z",
        "2026-01-31T12:34:56.789Z",
        "2400-02-29T01:02:03.040Z",
        "9999-12-31T23:59:59.999Z",
    ];
    let place = Place::new().await;
    let clock = timestamp_core::Clock::manual(times[0].parse().unwrap());
    let store = place.store_with(timestamp_repo::Postgres::options().clock(&clock)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    // Its own clock would be the system's.
    tasks.save(&mut task).await.unwrap();
    place.sql("UPDATE tasks SET created_at_ms = -62167219200000, updated_at_ms = -62167219200000").await;
    let reason = "it's \"time\", \\ \u{1} \u{1f600}";
    for time in &times[1..] {
        clock.set(time.parse().unwrap());
        let mut loaded = tasks.find(&task.id).await.unwrap().unwrap();
        loaded.touch(reason);
        tasks.save(&mut loaded).await.unwrap();
        assert_eq!(tasks.touch_all("title = ?", ("a",), reason).await.unwrap(), 1);
    }
    let events = store.outbox().of(&task).await.unwrap();
    assert_eq!(events.len(), 1 + 2 * (times.len() - 1));
    for (pair, time) in events[1..].chunks(2).zip(&times[1..]) {
        let [saved, touched] = pair else { panic!("{pair:?}") };
        assert_eq!((saved.at, touched.at), (time.parse().unwrap(), time.parse().unwrap()));
        let as_touched = saved
            .payload
            .replace(&format!("\"version\":{}", saved.version), &format!("\"version\":{}", touched.version));
        let (before, _) = as_touched.split_once("\"previous_updated_at\"").unwrap();
        assert_eq!(touched.payload, format!("{before}\"previous_updated_at\":\"{time}\"}}"));
        assert_eq!(touched.id.get_version_num(), 7);
        let millis = u64::try_from(touched.at.as_millis()).unwrap_or(0);
        assert_eq!(u64::from_be_bytes([&[0, 0], &touched.id.as_bytes()[..6]].concat().try_into().unwrap()), millis);
        assert_eq!(touched.id.get_variant(), uuid::Variant::RFC4122);
    }
    place.remove().await;
}
