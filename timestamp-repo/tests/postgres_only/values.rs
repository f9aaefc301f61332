//! Values that a column can not hold: told by the column's name, alone, and never repeated.

use std::time::Duration;

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{Postgres, Repository, SaveError};
use tokio::task::JoinSet;

use crate::database::Place;

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "amounts")]
struct Amount {
    #[timestamped(id)]
    id: i64,
    small: i64,
    name: String,
    #[timestamped(json)]
    note: String,
    timestamps: Timestamps,
}

const TABLE: &str = "CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN short AS varchar(5); CREATE TABLE amounts (id \
                     int PRIMARY KEY, small smallint NOT NULL, name short NOT NULL, note jsonb NOT NULL, created_at_ms \
                     bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL)";

fn amount(id: i64, small: i64, name: &str, note: &str) -> Amount {
    let (name, note) = (name.to_owned(), note.to_owned());
    Amount::create(|timestamps| Amount { id, small, name, note, timestamps }).unwrap()
}

#[track_caller]
fn assert_refused(error: &SaveError, column: &str, value: &str) {
    let SaveError::Invalid(invalid) = error else { panic!("{error}") };
    assert_eq!(invalid.fields().map(|(field, _)| field).collect::<Vec<_>>(), [column]);
    assert!(!error.to_string().contains(value), "the value is repeated: {error}");
}

async fn amounts(place: &Place) -> (Postgres, Repository<Amount, Postgres>) {
    place.sql(TABLE).await;
    let store = place.store().await;
    let amounts = store.repository::<Amount>().await.unwrap();
    (store, amounts)
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_value_that_does_not_fit_is_refused_by_its_column() {
    let place = Place::new().await;
    let (store, amounts) = amounts(&place).await;
    let wrong = [
        (amount(1, 40_000, "a", "a"), "small", "40000"),
        (amount(1 << 40, 1, "a", "a"), "id", "1099511627776"),
        (amount(1, 1, "hunter2", "a"), "name", "hunter2"),
        (amount(1, 1, "h\0nt", "a"), "name", "h\0nt"),
        (amount(1, 1, "a", "h\0nt"), "note", "h\\u0000nt"),
    ];
    let mut saves = JoinSet::new();
    for (n, (wrong, column, value)) in wrong.iter().cloned().enumerate() {
        let amounts = amounts.clone();
        saves.spawn(async move {
            let mut wrong = wrong;
            assert_refused(&amounts.save(&mut wrong).await.unwrap_err(), column, value);
            assert_eq!(wrong.pending_events().len(), 1);
        });
        let neighbour = amount(100 + n as i64, -3, "ünï👍", "a");
        let amounts = store.repository::<Amount>().await.unwrap();
        saves.spawn(async move { amounts.save(&mut neighbour.clone()).await.unwrap() });
    }
    saves.join_all().await;
    for (wrong, column, value) in wrong {
        let mut batch: Vec<_> = (0..8).map(|id| amount(id + 20, 1, "a", "a")).collect();
        batch[6] = wrong.clone();
        let refused = amounts.save_all(&mut batch).await.unwrap_err();
        assert_eq!(refused.index, 6);
        assert_refused(&refused.error, column, value);
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut amount(50, 1, "a", "a")).await.unwrap();
        assert_refused(&unit.save(&mut wrong.clone()).await.unwrap_err(), column, value);
        unit.save(&mut amount(51, 1, "a", "a")).await.unwrap();
        drop(unit);
    }
    assert_eq!(place.list("SELECT id FROM amounts ORDER BY id").await, "100, 101, 102, 103, 104");
    assert!(amounts.find(&(1 << 40)).await.unwrap().is_none());
    assert_eq!(amounts.find(&100).await.unwrap().unwrap().name, "ünï👍");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_reason_with_nul_is_refused() {
    let place = Place::new().await;
    let (_, amounts) = amounts(&place).await;
    let mut one = amount(1, 1, "a", "a");
    amounts.save(&mut one).await.unwrap();
    one.touch("a\0b".to_owned());
    assert_refused(&amounts.save(&mut one).await.unwrap_err(), "reason", "a\0b");
    assert!(matches!(amounts.touch_all("true", (), "a\0b").await, Err(SaveError::Invalid(_))));
    assert!(amounts.filter("name = ?", ("a\0b",)).await.is_err());
    assert_eq!(place.list("SELECT count(*) FROM timestamp_outbox").await, "1");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn batches_are_whole_whether_they_are_copied_or_not() {
    let place = Place::new().await;
    let (_, amounts) = amounts(&place).await;
    for size in [1, 3, 4, 31, 1_000] {
        let mut batch: Vec<_> = (0..size).map(|n| amount(size * 10_000 + n, 1, "a", "a")).collect();
        batch.iter_mut().step_by(3).for_each(|amount| amount.touch("twice"));
        amounts.save_all(&mut batch).await.unwrap();
        batch.iter_mut().for_each(|amount| {
            amount.small = 2;
            amount.touch("changed");
        });
        amounts.save_all(&mut batch).await.unwrap();
        assert!(batch.iter().all(|amount| amount.pending_events().len() == 0));
    }
    // Every event by its entity's own order, and none too many.
    let torn = "SELECT count(*) FROM (SELECT aggregateid, version, row_number() OVER (PARTITION BY aggregateid ORDER BY seq) \
                AS place FROM timestamp_outbox) AS event WHERE version <> place";
    assert_eq!(place.list(torn).await, "0");
    let unlike = "SELECT count(*) FROM amounts WHERE small <> 2 OR version <> (SELECT count(*) FROM timestamp_outbox WHERE \
                  aggregateid = amounts.id::text)";
    assert_eq!(place.list(unlike).await, "0");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_dropped_batch_is_stored_or_not_and_leaves_nothing_open() {
    let place = Place::new().await;
    place.sql(TABLE).await;
    let store = place.store_with(Postgres::options().application_name(&place.schema)).await;
    let amounts = store.repository::<Amount>().await.unwrap();
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND state LIKE 'idle in transaction%'",
        place.schema
    );
    for (round, micros) in (0..).zip([0, 500, 2_000, 5_000, 10_000, 20_000, 40_000]) {
        let mut batch: Vec<_> = (0..2_000).map(|n| amount(round * 10_000 + n, 1, "a", "a")).collect();
        let _ = tokio::time::timeout(Duration::from_micros(micros), amounts.save_all(&mut batch)).await;
        // Nobody else takes a session here, so none that was left with its transaction is closed by that.
        let mut waited = 0;
        while place.list(&open).await != "0" {
            waited += 1;
            assert!(waited < 100, "a transaction is left open after {micros} microseconds");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let count = format!("SELECT count(*) FROM amounts WHERE id / 10000 = {round}");
        let stored = place.list(&count).await;
        let pending = batch.iter().filter(|amount| amount.pending_events().len() > 0).count();
        assert_eq!((stored.as_str(), pending), if pending == 0 { ("2000", 0) } else { ("0", 2_000) });
        amounts.save_all(&mut batch).await.unwrap();
        assert_eq!(place.list(&count).await, "2000");
    }
    assert_eq!(place.list("SELECT count(*) FROM timestamp_outbox").await, "14000");
    place.remove().await;
}
