//! Tables that were there before, whose times are `timestamptz` and hold microseconds of other programs.

use std::time::Duration;

use timestamp_core::{Clock, EpochMs, ManualClock, Timestamped, Timestamps};
use timestamp_repo::{Postgres, Repository, RepositoryError, SaveError};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::database::{Place, assert_says};

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "orders", created_at = "created", updated_at = "updated at")]
struct Order {
    #[timestamped(id)]
    id: i64,
    total: i64,
    timestamps: Timestamps,
}

impl Order {
    fn new(clock: &Clock, id: i64) -> Self {
        Self::create_with(clock, |timestamps| Self { id, total: 0, timestamps }).unwrap()
    }

    fn add(&mut self) {
        self.total += 1;
        self.touch("added");
    }
}

const NOON: &str = "2026-01-31T12:00:00.000Z";

fn at(text: &str) -> EpochMs {
    text.parse().unwrap()
}

/// The table, a clock that stands at noon, and a store.
struct Orders {
    place: Place,
    clock: ManualClock,
    store: Postgres,
    orders: Repository<Order, Postgres>,
}

impl Orders {
    async fn new() -> Self {
        Self::of("timestamptz", "timestamptz", "").await
    }

    async fn of(created: &str, updated: &str, setting: &str) -> Self {
        let mut place = Place::new().await;
        place.url.push_str(setting);
        place
            .sql(&format!(
                "CREATE TABLE orders (id bigint PRIMARY KEY, total bigint NOT NULL DEFAULT 0, created {created} NOT NULL, \
                 \"updated at\" {updated} NOT NULL, version bigint NOT NULL DEFAULT 1)"
            ))
            .await;
        let clock = Clock::manual(at(NOON));
        let store = place.store_with(Postgres::options().clock(&clock)).await;
        let orders = store.repository::<Order>().await.unwrap();
        Self { place, clock, store, orders }
    }

    /// A row of another program's, which writes microseconds.
    async fn insert(&self, id: i64, created: &str, updated: &str) {
        let row = format!("INSERT INTO orders (id, created, \"updated at\") VALUES ({id}, '{created}', '{updated}')");
        self.place.sql(&row).await;
    }

    async fn find(&self, id: i64) -> Order {
        self.orders.find(&id).await.unwrap().unwrap()
    }

    /// A column of one row, in UTC and to the microsecond.
    async fn stored(&self, column: &str, id: i64) -> String {
        let time = format!("to_char(\"{column}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US BC')");
        self.place.list(&format!("SELECT {time} FROM orders WHERE id = {id}")).await
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn microseconds_are_read_rounded_towards_the_past() {
    let all = Orders::new().await;
    for (id, stored, read) in [
        (1, "2026-01-31 12:00:00.123999+00", "2026-01-31T12:00:00.123Z"),
        (2, "1999-12-31 23:59:59.999999+00", "1999-12-31T23:59:59.999Z"),
        (3, "1969-12-31 23:59:59.999999+00", "1969-12-31T23:59:59.999Z"),
        (4, "1969-12-31 23:59:59.000001+00", "1969-12-31T23:59:59.000Z"),
        (5, "0001-01-01 00:00:00.000001+00 BC", "0000-01-01T00:00:00.000Z"),
        (6, "9999-12-31 23:59:59.999999+00", "9999-12-31T23:59:59.999Z"),
    ] {
        all.insert(id, stored, stored).await;
        let mut found = all.find(id).await;
        assert_eq!((found.created_at(), found.updated_at()), (at(read), at(read)), "{stored}");
        assert_eq!(all.orders.changed_since(at(read)).await.unwrap().iter().filter(|it| it.id == id).count(), 1);
        // What is read so is what an update and a delete compare with.
        found.add();
        all.orders.save(&mut found).await.unwrap();
        all.orders.update(&id, Order::add).await.unwrap();
        let mut found = all.find(id).await;
        all.orders.delete(&mut found, "gone").await.unwrap();
    }
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn every_instant_is_written_as_it_is() {
    let all = Orders::new().await;
    let instants = [
        (EpochMs::MIN, "0001-01-01 00:00:00.000000 BC"),
        (at("1969-12-31T23:59:59.999Z"), "1969-12-31 23:59:59.999000 AD"),
        (at("1999-12-31T23:59:59.001Z"), "1999-12-31 23:59:59.001000 AD"),
        (EpochMs::MAX, "9999-12-31 23:59:59.999000 AD"),
    ];
    for (id, (instant, text)) in (1..).zip(instants) {
        all.clock.set(instant);
        // One is inserted, and enough for a copy are copied.
        all.orders.save(&mut Order::new(&all.clock, id)).await.unwrap();
        let mut batch: Vec<_> = (0..5).map(|n| Order::new(&all.clock, id * 10 + n)).collect();
        all.orders.save_all(&mut batch).await.unwrap();
        for id in [id, id * 10 + 4] {
            assert_eq!(
                (all.stored("created", id).await, all.stored("updated at", id).await),
                (text.into(), text.into())
            );
            assert_eq!(all.find(id).await.created_at(), instant);
        }
        assert_eq!(all.orders.filter("created = ? AND id < ?", (instant, 10)).await.unwrap().len(), 1);
        assert_eq!(all.orders.touch_all("id = ?", (id,), "seen").await.unwrap(), 1);
        assert_eq!(all.store.outbox().of(&all.find(id).await).await.unwrap()[1].at, instant);
    }
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_settings_of_a_session_do_not_matter() {
    let settings =
        "%20-c%20timezone%3DAustralia/Lord_Howe%20-c%20datestyle%3DGerman%20-c%20intervalstyle%3Dsql_standard";
    let all = Orders::of("timestamptz", "timestamptz", settings).await;
    assert_eq!(all.place.list("SHOW timezone").await, "Australia/Lord_Howe");
    // The clocks of that place are set back by half an hour at 15:00.
    all.clock.set(at("2026-04-04T14:59:59.999Z"));
    all.orders.save(&mut Order::new(&all.clock, 1)).await.unwrap();
    all.insert(2, "2026-04-04 14:59:59.999999+00", "2026-04-04 14:59:59.999999+00").await;
    for _ in 0..2 {
        assert_eq!(all.orders.touch_all("TRUE", (), "seen").await.unwrap(), 2);
        for id in [1, 2] {
            all.orders.update(&id, Order::add).await.unwrap();
            let found = all.find(id).await;
            assert_eq!((found.created_at(), found.updated_at()), (at("2026-04-04T14:59:59.999Z"), all.clock.now()));
            let last = all.store.outbox().of(&found).await.unwrap().pop().unwrap();
            assert_eq!(last.at, all.clock.now());
        }
        all.clock.advance(Duration::from_mins(31));
    }
    let payload =
        "SELECT payload::jsonb ->> 'previous_updated_at' FROM timestamp_outbox WHERE aggregateid = '2' ORDER BY seq";
    assert_eq!(
        all.place.list(payload).await,
        "2026-04-04T14:59:59.999Z, 2026-04-04T14:59:59.999Z, 2026-04-04T14:59:59.999Z, 2026-04-04T15:30:59.999Z"
    );
    assert_eq!(all.stored("created", 2).await, "2026-04-04 14:59:59.999999 AD");
    assert_eq!(all.stored("updated at", 1).await, "2026-04-04 15:30:59.999000 AD");
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_creation_keeps_its_microseconds() {
    let all = Orders::new().await;
    all.insert(1, "2026-01-31 11:59:59.123456+00", "2026-01-31 11:59:59.123456+00").await;
    for _ in 0..2 {
        all.orders.update(&1, Order::add).await.unwrap();
        all.orders.touch_all("TRUE", (), "seen").await.unwrap();
        let mut unit = all.store.begin().await.unwrap();
        let mut order = unit.find::<Order>(&1).await.unwrap().unwrap();
        order.add();
        order.add();
        unit.save(&mut order).await.unwrap();
        unit.commit().await.unwrap();
        let mut many = [all.find(1).await];
        many[0].add();
        all.orders.save_all(&mut many).await.unwrap();
        all.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(all.stored("created", 1).await, "2026-01-31 11:59:59.123456 AD");
    assert_eq!(all.stored("updated at", 1).await, "2026-01-31 12:00:00.001000 AD");
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_last_change_never_goes_back_by_microseconds() {
    let all = Orders::new().await;
    // Of the millisecond that the clock stands at, and one that lies ahead of it.
    for (id, stored) in [(1, "2026-01-31 12:00:00.000999+00"), (2, "2026-01-31 12:00:05.000999+00")] {
        all.insert(id, stored, stored).await;
        let before = all.stored("updated at", id).await;
        all.orders.update(&id, Order::add).await.unwrap();
        assert_eq!(all.stored("updated at", id).await, before, "saved");
        assert_eq!(all.orders.touch_all("id = ?", (id,), "seen").await.unwrap(), 1);
        assert_eq!(all.stored("updated at", id).await, before, "touched");
        let mut order = all.find(id).await;
        order.add();
        all.orders.save(&mut order).await.unwrap();
        order.add();
        all.orders.save(&mut order).await.unwrap();
        assert_eq!(all.stored("updated at", id).await, before, "saved twice by one who did not load it again");
        let events = all.store.outbox().of(&order).await.unwrap();
        assert!(events.iter().all(|event| event.at == order.updated_at()), "{events:?}");
    }
    all.clock.advance(Duration::from_millis(1));
    all.orders.update(&1, Order::add).await.unwrap();
    assert_eq!(all.stored("updated at", 1).await, "2026-01-31 12:00:00.001000 AD");
    all.clock.advance(Duration::from_secs(10));
    all.orders.touch_all("TRUE", (), "seen").await.unwrap();
    assert_eq!(all.stored("updated at", 2).await, "2026-01-31 12:00:10.001000 AD");
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn saves_at_once_keep_the_microseconds_as_one_does() {
    let all = Orders::new().await;
    let stored = "2026-01-31 12:00:00.000999+00";
    for id in 1..=20 {
        all.insert(id, stored, stored).await;
    }
    let ids: Vec<i64> = (1..=20).collect();
    for expected in [stored, "2026-01-31 12:00:00.001000+00"] {
        let mut saves = JoinSet::new();
        for mut order in all.orders.find_all(&ids).await.unwrap() {
            let orders = all.orders.clone();
            order.add();
            saves.spawn(async move { orders.save(&mut order).await });
        }
        saves.join_all().await.into_iter().for_each(Result::unwrap);
        let different =
            format!("SELECT count(*) FROM orders WHERE \"updated at\" <> '{expected}' OR created <> '{stored}'");
        assert_eq!(all.place.list(&different).await, "0", "{expected}");
        all.clock.advance(Duration::from_millis(1));
    }
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_time_that_moved_by_a_millisecond_is_tampering_and_less_is_not() {
    let all = Orders::new().await;
    let noon = "2026-01-31 12:00:00.000500+00";
    for (id, column) in [(1, "created"), (2, "updated at")] {
        for (moved, is_refused) in [
            ("2026-01-31 12:00:00.000000+00", false),
            ("2026-01-31 12:00:00.000999+00", false),
            ("2026-01-31 12:00:00.001000+00", true),
            ("2026-01-31 11:59:59.999999+00", true),
            ("infinity", true),
        ] {
            all.place
                .sql(&format!("DELETE FROM orders; DELETE FROM timestamp_outbox WHERE aggregateid = '{id}'"))
                .await;
            all.insert(id, noon, noon).await;
            let mut order = all.find(id).await;
            order.add();
            all.place.sql(&format!("UPDATE orders SET \"{column}\" = '{moved}'")).await;
            match all.orders.save(&mut order).await {
                Ok(()) => assert!(!is_refused, "{column} {moved}"),
                Err(SaveError::TimestampsTampered) => assert!(is_refused, "{column} {moved}"),
                Err(other) => panic!("{column} {moved}: {other:?}"),
            }
            let deleted = all.orders.delete(&mut order, "gone").await;
            assert_eq!(
                matches!(deleted, Err(SaveError::TimestampsTampered)),
                is_refused,
                "{column} {moved}: {deleted:?}"
            );
        }
    }
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn what_is_no_instant_is_told_by_table_column_and_row() {
    let all = Orders::new().await;
    let noon = "2026-01-31 12:00:00+00";
    for (id, time, words) in [
        (1, "infinity", "infinity is no instant: write a time there"),
        (2, "-infinity", "infinity is no instant: write a time there"),
        (3, "10000-01-01 00:00:00+00", "years 0000 to 9999"),
        (4, "0002-12-31 23:59:59.999999+00 BC", "years 0000 to 9999"),
    ] {
        let row = format!("row with id `{id}`");
        all.insert(id, time, noon).await;
        let error = all.orders.find(&id).await.unwrap_err();
        assert_says(&error, &["table `orders`", "column `created`", &row, words]);
        all.place.sql(&format!("UPDATE orders SET created = '{noon}', \"updated at\" = '{time}'")).await;
        let error = all.orders.recent(None, 5).await.unwrap_err();
        assert_says(&error, &["table `orders`", "column `updated at`", &row, words]);
        all.insert(9, noon, noon).await;
        let error = all.orders.touch_all("TRUE", (), "seen").await.unwrap_err();
        assert_says(&error, &["table `orders`", "column `updated at`", &row, "an instant of the years 0000 to 9999"]);
        assert_eq!(all.find(9).await.version(), 1, "nothing was touched");
        all.place.sql("DELETE FROM orders").await;
    }
    for column in ["created", "updated at"] {
        all.insert(5, noon, noon).await;
        all.place
            .sql(&format!(
                "ALTER TABLE orders ALTER COLUMN \"{column}\" DROP NOT NULL; UPDATE orders SET \"{column}\" = NULL"
            ))
            .await;
        let named = format!("column `{column}`, row with id `5`: expected an instant, found NULL");
        assert_says(&all.orders.find(&5).await.unwrap_err(), &[&named]);
        assert_says(&all.orders.recent(None, 5).await.unwrap_err(), &[&named]);
        if column == "updated at" {
            let error = all.orders.touch_all("TRUE", (), "seen").await.unwrap_err();
            assert_says(&error, &["column `updated at`", "row with id `5`", "an instant of the years 0000 to 9999"]);
        }
        all.place.sql("DELETE FROM orders").await;
    }
    assert_eq!(all.place.list("SELECT count(*) FROM timestamp_outbox").await, "0");
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn pages_within_one_millisecond_neither_skip_nor_repeat() {
    let all = Orders::new().await;
    // Microseconds in another order than the ids, and some of them twice.
    all.place
        .sql(&format!(
            "INSERT INTO orders (id, created, \"updated at\") SELECT id, '{NOON}', timestamptz '{NOON}' + (id * 7919 % 40) \
             * interval '1 microsecond' FROM generate_series(1, 50) AS id"
        ))
        .await;
    let expected = all.place.list("SELECT id FROM orders ORDER BY \"updated at\" DESC, id DESC").await;
    for limit in [1, 3, 7] {
        let (mut seen, mut after) = (Vec::new(), None);
        let mut unit = all.store.begin().await.unwrap();
        loop {
            let page = all.orders.recent(after.as_ref(), limit).await.unwrap();
            let in_unit = unit.recent::<Order>(after.as_ref(), limit).await.unwrap();
            assert_eq!(page.next, in_unit.next);
            seen.extend(page.items.iter().map(|order| order.id.to_string()));
            // The token travels as text.
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(seen.join(", "), expected, "pages of {limit}");
    }
    all.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_token_is_used_only_where_it_says_the_same() {
    let precise = Orders::new().await;
    let millis = Orders::of("timestamptz", "bigint", "").await;
    for id in 1..=3 {
        precise.insert(id, "2026-01-31 12:00:00+00", "2026-01-31 12:00:00.000500+00").await;
        millis.orders.save(&mut Order::new(&millis.clock, id)).await.unwrap();
    }
    let token = precise.orders.recent(None, 1).await.unwrap().next.unwrap();
    assert_eq!(token.to_string(), "1769860800000.500~3");
    assert_says(
        &millis.orders.recent(Some(&token), 1).await.unwrap_err(),
        &["the page token keeps microseconds, and the table milliseconds: begin with the first page again"],
    );
    // A column that becomes a `timestamptz` keeps the place of its tokens.
    let token = millis.orders.recent(None, 1).await.unwrap().next.unwrap();
    assert_eq!(token.to_string(), "1769860800000~3");
    millis
        .place
        .sql(
            "ALTER TABLE orders ALTER COLUMN \"updated at\" TYPE timestamptz USING to_timestamp(\"updated at\" / 1000.0)",
        )
        .await;
    let store = millis.place.store().await;
    let page = store.repository::<Order>().await.unwrap().recent(Some(&token), 5).await.unwrap();
    assert_eq!(page.items.iter().map(|order| order.id).collect::<Vec<_>>(), [2, 1]);
    millis.place.remove().await;
    precise.place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_two_columns_may_differ_and_have_any_precision_of_milliseconds() {
    let domain = "CREATE DOMAIN instant AS timestamptz(4) CHECK (value > '2000-01-01 00:00:00+00')";
    for (created, updated) in [
        ("bigint", "timestamptz"),
        ("timestamptz(3)", "bigint"),
        ("timestamptz(6)", "timestamptz(3)"),
        ("public.instant", "public.instant"),
    ] {
        let place = Place::new().await;
        let (created, updated) = (created.replace("public", &place.schema), updated.replace("public", &place.schema));
        place
            .sql(&format!(
                "{domain}; CREATE TABLE orders (id bigint PRIMARY KEY, total bigint NOT NULL, created {created} NOT NULL, \
                 \"updated at\" {updated} NOT NULL, version bigint NOT NULL)"
            ))
            .await;
        let clock = Clock::manual(at(NOON));
        let store = place.store_with(Postgres::options().clock(&clock)).await;
        let orders = store.repository::<Order>().await.unwrap();
        let mut batch: Vec<_> = (1..8).map(|id| Order::new(&clock, id)).collect();
        orders.save_all(&mut batch).await.unwrap();
        clock.advance(Duration::from_millis(1));
        for order in &mut batch {
            order.add();
            orders.save(order).await.unwrap();
        }
        clock.advance(Duration::from_millis(1));
        assert_eq!(orders.touch_all("id < ?", (4,), "seen").await.unwrap(), 3);
        let found = orders.recent(None, 20).await.unwrap().items;
        assert_eq!(
            found.iter().map(|order| order.id).collect::<Vec<_>>(),
            [3, 2, 1, 7, 6, 5, 4],
            "{created} {updated}"
        );
        assert!(found.iter().all(|order| order.created_at() == at(NOON)));
        assert_eq!(
            (found[0].updated_at(), found[3].updated_at()),
            (at("2026-01-31T12:00:00.002Z"), batch[3].updated_at())
        );
        let mut last = found[6].clone();
        orders.delete(&mut last, "gone").await.unwrap();
        place.remove().await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_column_without_a_zone_or_milliseconds_is_refused_with_what_helps() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE orders (id bigint PRIMARY KEY, total bigint NOT NULL, created timestamp NOT NULL, \"updated at\" \
             timestamptz(0) NOT NULL, version bigint NOT NULL); INSERT INTO orders VALUES (1, 0, '2026-01-31 12:00:00.5', \
             '2026-01-31 12:00:01+00', 1)",
        )
        .await;
    let store = place.store().await;
    let RepositoryError::Mismatch { problems, .. } = store.repository::<Order>().await.unwrap_err() else { panic!() };
    assert_eq!(
        problems,
        [
            "column `created` has the type `timestamp without time zone`, which does not say which instant it means: find \
             out in which time zone its values were written, and if that was UTC, `ALTER TABLE \"orders\" ALTER COLUMN \
             \"created\" TYPE timestamptz USING \"created\" AT TIME ZONE 'UTC'`",
            "column `updated at` has the type `timestamp(0) with time zone`, which rounds milliseconds away: `ALTER TABLE \
             \"orders\" ALTER COLUMN \"updated at\" TYPE timestamptz`",
        ]
    );
    // The advice helps as it stands there.
    for problem in &problems {
        let advice = problem.split('`').find(|part| part.starts_with("ALTER")).unwrap();
        place.sql(advice).await;
    }
    let orders = store.repository::<Order>().await.unwrap();
    assert_eq!(orders.find(&1).await.unwrap().unwrap().created_at(), at("2026-01-31T12:00:00.500Z"));
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn filters_see_the_column_as_it_is() {
    let all = Orders::new().await;
    all.insert(1, "2026-01-31 12:00:00+00", "2026-01-31 12:00:00.000500+00").await;
    let noon = at(NOON);
    assert!(all.orders.filter("\"updated at\" <= ?", (noon,)).await.unwrap().is_empty());
    assert_eq!(all.orders.filter("\"updated at\" > ?", (noon,)).await.unwrap().len(), 1);
    assert_eq!(all.orders.filter("created = ?", (noon,)).await.unwrap().len(), 1);
    assert_eq!(all.orders.filter("date_trunc('milliseconds', \"updated at\") = ?", (noon,)).await.unwrap().len(), 1);
    assert_eq!(all.orders.touch_all("created = ? AND id = ?", (noon, 1), "seen").await.unwrap(), 1);
    let error = all.orders.filter("created = ?", (noon.as_millis(),)).await.unwrap_err();
    assert_says(&error, &["an integer does not fit the type `timestamptz`"]);
    all.place.remove().await;
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "customers", created_at = "created", updated_at = "changed")]
struct Customer {
    #[timestamped(id)]
    id: Uuid,
    name: String,
    timestamps: Timestamps,
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_table_of_the_documentation_is_taken_as_it_is() {
    let page = include_str!("../../docs/postgres.md");
    let (_, section) = page.split_once("## Tables that already exist").unwrap();
    let mut blocks = section.split("```sql\n").skip(1).map(|block| block.split_once("```").unwrap().0);
    let (migration, conversion) = (blocks.next().unwrap(), blocks.next().unwrap());
    let comment: String = migration.lines().filter_map(|line| line.strip_prefix("--")).collect();
    let table = comment.trim().strip_prefix("What is there: ").unwrap();
    let place = Place::new().await;
    for naive in [false, true] {
        place.sql(&format!("DROP TABLE IF EXISTS customers; CREATE TABLE {table}")).await;
        place.sql("INSERT INTO customers (id, name) VALUES (gen_random_uuid(), 'Ada')").await;
        place.sql(migration).await;
        if naive {
            place
                .sql("ALTER TABLE customers ALTER COLUMN created TYPE timestamp USING created AT TIME ZONE 'UTC'")
                .await;
            let error = place.store().await.repository::<Customer>().await.unwrap_err();
            assert_says(&error, &["column `created` has the type `timestamp without time zone`"]);
            place.sql(conversion).await;
        }
        let customers = place.store().await.repository::<Customer>().await.unwrap();
        let mut found = customers.recent(None, 5).await.unwrap().items;
        found[0].name.push('!');
        found[0].touch("renamed");
        customers.save(&mut found[0]).await.unwrap();
        let stored = "SELECT name || version || (created <= changed) FROM customers";
        assert_eq!(place.list(stored).await, "Ada!2true");
        place.sql("DELETE FROM timestamp_outbox").await;
    }
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_trigger_that_sets_the_time_shows_at_the_next_save() {
    let all = Orders::new().await;
    all.place
        .sql(
            "CREATE FUNCTION set_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.\"updated at\" := now(); RETURN \
             NEW; END $$; CREATE TRIGGER set_updated BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_updated()",
        )
        .await;
    let mut order = Order::new(&all.clock, 1);
    all.orders.save(&mut order).await.unwrap();
    order.add();
    all.orders.save(&mut order).await.unwrap();
    order.add();
    assert!(matches!(all.orders.save(&mut order).await, Err(SaveError::TimestampsTampered)));
    all.place.remove().await;
}

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "reminders")]
struct Reminder {
    #[timestamped(id)]
    id: i64,
    due: EpochMs,
    done: Option<EpochMs>,
    timestamps: Timestamps,
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_field_of_ones_own_may_be_a_timestamptz_too() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE reminders (id bigint PRIMARY KEY, due timestamptz NOT NULL, done timestamptz(3), created_at_ms \
             bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL); INSERT INTO reminders VALUES (1, \
             '1969-12-31 23:59:59.999999+00', NULL, 0, 0, 1)",
        )
        .await;
    let store = place.store().await;
    let reminders = store.repository::<Reminder>().await.unwrap();
    let mut one = reminders.find(&1).await.unwrap().unwrap();
    assert_eq!((one.due, one.done), (at("1969-12-31T23:59:59.999Z"), None));
    // What was read is what is there: nothing has changed.
    reminders.save(&mut one).await.unwrap();
    one.done = Some(EpochMs::MAX);
    one.touch("done");
    reminders.save(&mut one).await.unwrap();
    assert_eq!(place.list("SELECT due AT TIME ZONE 'UTC' FROM reminders").await, "1969-12-31 23:59:59.999");
    assert_eq!(reminders.find(&1).await.unwrap().unwrap().done, Some(EpochMs::MAX));
    let mut batch: Vec<_> = (2..8)
        .map(|id| {
            let due = EpochMs::from_millis(-id).unwrap();
            Reminder::create(|timestamps| Reminder { id, due, done: None, timestamps }).unwrap()
        })
        .collect();
    reminders.save_all(&mut batch).await.unwrap();
    let early = EpochMs::from_millis(-5).unwrap();
    let found = reminders.filter("due < ? AND done IS NOT DISTINCT FROM ?", (early, None::<EpochMs>)).await;
    assert_eq!(found.unwrap().len(), 2);
    place.sql("UPDATE reminders SET done = 'infinity' WHERE id = 7").await;
    assert_says(
        &reminders.find(&7).await.unwrap_err(),
        &["table `reminders`", "column `done`", "row with id `7`", "infinity is no instant"],
    );
    place.sql("ALTER TABLE reminders ALTER COLUMN due TYPE timestamp").await;
    let error = place.store().await.repository::<Reminder>().await.unwrap_err();
    assert_says(
        &error,
        &["column `due` has the type `timestamp without time zone`", "USING \"due\" AT TIME ZONE 'UTC'"],
    );
    place.remove().await;
}
