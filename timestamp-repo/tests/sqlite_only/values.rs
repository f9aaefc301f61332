use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::SaveError;

use crate::database::{BOTH, Place, assert_says};

#[derive(Debug, Timestamped)]
#[timestamped(table = "amounts")]
struct Amount {
    #[timestamped(id)]
    id: u64,
    cents: u64,
    ratio: f64,
    timestamps: Timestamps,
}

fn amount(id: u64, cents: u64, ratio: f64) -> Amount {
    Amount::create(|timestamps| Amount { id, cents, ratio, timestamps }).unwrap()
}

#[track_caller]
fn assert_refused(error: &SaveError, column: &str, value: &str) {
    let SaveError::Invalid(invalid) = error else { panic!("{error}") };
    assert_eq!(invalid.fields().map(|(field, _)| field).collect::<Vec<_>>(), [column]);
    assert_says(error, &[column]);
    assert!(!error.to_string().contains(value), "the value is repeated: {error}");
}

#[tokio::test]
async fn value_that_no_column_holds_is_refused_by_the_name_of_its_column() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let amounts = store.repository::<Amount>().await.unwrap();
        let large = u64::MAX - 5;
        for (mut wrong, column) in
            [(amount(1, large, 0.0), "cents"), (amount(large, 1, 0.0), "id"), (amount(1, 1, f64::NAN), "ratio")]
        {
            assert_refused(&amounts.save(&mut wrong).await.unwrap_err(), column, &large.to_string());
            assert_eq!(wrong.pending_events().len(), 1);
            let mut batch = [amount(70, 1, 1.0), wrong];
            let error = amounts.save_all(&mut batch).await.unwrap_err();
            assert_eq!(error.index, 1);
            assert_refused(&error.error, column, &large.to_string());
            assert!(batch.iter().all(|amount| amount.pending_events().len() == 1));
            let [_, mut wrong] = batch;
            let mut unit = store.begin().await.unwrap();
            unit.save(&mut amount(50, 1, 1.0)).await.unwrap();
            assert_refused(&unit.save(&mut wrong).await.unwrap_err(), column, &large.to_string());
            drop(unit);
        }
        assert_eq!(place.value::<i64>("SELECT count(*) FROM amounts"), 0);
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 0);
        assert!(amounts.find(&large).await.unwrap().is_none());
        // A corrected entity saves.
        let mut fixed = amount(1, large, f64::INFINITY);
        assert!(amounts.save(&mut fixed).await.is_err());
        fixed.cents = i64::MAX.unsigned_abs();
        amounts.save(&mut fixed).await.unwrap();
        let found = amounts.find(&1).await.unwrap().unwrap();
        assert_eq!((found.cents, found.ratio), (i64::MAX.unsigned_abs(), f64::INFINITY));
    }
}

#[tokio::test]
async fn unit_goes_on_after_a_value_that_no_column_holds() {
    let place = Place::new();
    let store = place.store().await;
    store.repository::<Amount>().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut amount(1, 1, 1.0)).await.unwrap();
    unit.save(&mut amount(2, u64::MAX, 1.0)).await.unwrap_err();
    unit.save(&mut amount(3, 1, 1.0)).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(place.value::<String>("SELECT group_concat(id) FROM amounts"), "1,3");
}

/// A placeholder without a value must not mean NULL.
#[tokio::test]
async fn placeholders_and_values_are_counted() {
    let place = Place::new();
    let store = place.store().await;
    let amounts = store.repository::<Amount>().await.unwrap();
    amounts.save(&mut amount(1, 5, 1.0)).await.unwrap();
    let mut unit = store.begin().await.unwrap();
    assert_says(amounts.filter("cents = ?", ()).await.unwrap_err(), &["1 placeholder", "0 values were given"]);
    assert_says(amounts.filter("1", (1,)).await.unwrap_err(), &["0 placeholders", "1 value was given"]);
    assert_says(unit.filter::<Amount>("cents = ?", ()).await.unwrap_err(), &["1 placeholder"]);
    drop(unit);
    assert_says(
        amounts.touch_all("cents IS ?", (), "all").await.unwrap_err(),
        &["1 placeholder", "0 values were given"],
    );
    assert_says(
        amounts.touch_all("cents = ?", (5, 6), "all").await.unwrap_err(),
        &["1 placeholder", "2 values were given"],
    );
    assert_eq!(amounts.touch_all("cents = ?", (5,), "all").await.unwrap(), 1);
}
