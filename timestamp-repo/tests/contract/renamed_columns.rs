//! The three columns of the timestamps have the names that the entity gives them.

use std::time::Duration;

use timestamp_core::{Clock, Timestamped, Timestamps};
use timestamp_repo::Store;

use super::entities::{assert_books_balance, stored};
use super::harness::Harness;

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "visits", created_at = "created", updated_at = "last \"change\"", version = "order")]
pub(crate) struct Visit {
    #[timestamped(id)]
    id: i64,
    /// The name of a column that the repository keeps elsewhere.
    version: i64,
    timestamps: Timestamps,
}

impl Visit {
    fn new(clock: &Clock, id: i64) -> Self {
        Self::create_with(clock, |timestamps| Self { id, version: 0, timestamps }).unwrap()
    }

    fn increment(&mut self) {
        self.version += 10;
        self.touch("incremented");
    }
}

/// Everything that a repository writes and reads, in a table that is there or not.
async fn live<H: Harness>(harness: &H) {
    let store = harness.open(Duration::from_secs(30)).await;
    let visits = store.repository::<Visit>().await.unwrap();
    let mut visit = Visit::new(harness.clock(), 1);
    visits.save(&mut visit).await.unwrap();
    harness.clock().advance(Duration::from_secs(1));
    visit.increment();
    visits.save(&mut visit).await.unwrap();
    let mut many: Vec<_> = (2..30).map(|id| Visit::new(harness.clock(), id)).collect();
    visits.save_all(&mut many).await.unwrap();
    harness.clock().advance(Duration::from_secs(1));
    let changed = harness.clock().now();
    visits.update(&1, Visit::increment).await.unwrap();
    assert_eq!(visits.touch_all("id IN (?, ?)", (1, 2), "seen").await.unwrap(), 2);
    assert_eq!(stored(harness, &visit).await, "created 1, updated 2, updated 3, updated 4");

    visit.increment();
    assert!(visits.save(&mut visit).await.unwrap_err().is_conflict(), "the row moved under it");
    let found = visits.find(&1).await.unwrap().unwrap();
    assert_eq!((found.version, Timestamped::version(&found), found.updated_at()), (20, 4, changed));
    let mut changes: Vec<_> = visits.changed_since(changed).await.unwrap().iter().map(|visit| visit.id).collect();
    changes.sort_unstable();
    assert_eq!(changes, [1, 2]);
    let first = visits.recent(None, 5).await.unwrap();
    assert_eq!(first.items[..2].iter().map(|visit| visit.id).collect::<Vec<_>>(), [2, 1]);
    let second = visits.recent(first.next.as_ref(), 100).await.unwrap();
    assert_eq!((first.items.len(), second.items.len()), (5, 24));

    let mut unit = store.begin().await.unwrap();
    let mut third = unit.find::<Visit>(&3).await.unwrap().unwrap();
    third.increment();
    unit.save(&mut third).await.unwrap();
    assert_eq!(unit.touch_all::<Visit>("version = ?", (10,), "again").await.unwrap(), 1);
    unit.commit().await.unwrap();
    let mut third = visits.find(&3).await.unwrap().unwrap();
    visits.delete(&mut third, "gone").await.unwrap();
    assert_eq!(stored(harness, &third).await, "created 1, updated 2, updated 3, deleted 4");

    harness
        .sql(
            "CREATE VIEW visits_as_others_name_them AS SELECT id, created AS created_at_ms, \"last \"\"change\"\"\" AS \
             updated_at_ms, \"order\" AS version FROM visits",
        )
        .await;
    assert_books_balance(harness, &[("visits_as_others_name_them", "Visit")]).await;
}

pub(crate) async fn an_entity_lives_in_renamed_columns<H: Harness>(harness: &H) {
    live(harness).await;
    // The index that was created has the column's name.
    harness.sql("DROP INDEX \"visits_last \"\"change\"\"\"").await;
}

pub(crate) async fn a_users_own_table_keeps_its_names<H: Harness>(harness: &H) {
    harness
        .sql(
            "CREATE TABLE visits (\"order\" BIGINT NOT NULL, version BIGINT NOT NULL, note TEXT, created BIGINT NOT NULL, \
             id BIGINT PRIMARY KEY, \"last \"\"change\"\"\" BIGINT NOT NULL)",
        )
        .await;
    live(harness).await;
}

pub(crate) async fn a_missing_renamed_column_is_named<H: Harness>(harness: &H) {
    harness
        .sql("CREATE TABLE visits (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, created BIGINT NOT NULL, \"order\" TEXT)")
        .await;
    let store = harness.open(Duration::from_secs(30)).await;
    let error = store.repository::<Visit>().await.unwrap_err().to_string();
    assert!(error.contains("column `last \"change\"` is missing"), "{error}");
    assert!(error.contains("column `order` has the type"), "{error}");
    assert!(!error.contains("_at_ms"), "{error}");
}

pub(crate) async fn an_unreadable_renamed_column_is_named<H: Harness>(harness: &H) {
    let store = harness.open(Duration::from_secs(30)).await;
    let visits = store.repository::<Visit>().await.unwrap();
    for (column, sql) in [
        ("order", "UPDATE visits SET \"order\" = 0"),
        ("last \"change\"", "UPDATE visits SET \"order\" = 1, \"last \"\"change\"\"\" = 999999999999999"),
    ] {
        if column == "order" {
            visits.save(&mut Visit::new(harness.clock(), 1)).await.unwrap();
        }
        harness.sql(sql).await;
        let named = format!("`{column}`");
        let found = visits.find(&1).await.unwrap_err().to_string();
        assert!(found.contains(&named), "{found}");
        let touched = visits.touch_all("1 = 1", (), "x").await.unwrap_err().to_string();
        assert!(touched.contains(&named), "{touched}");
    }
}
