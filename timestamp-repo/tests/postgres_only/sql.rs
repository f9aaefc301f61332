//! Users' own SQL: filters and a unit's connection.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{CommitError, SaveError};

use crate::database::{Place, Task, assert_says};

#[derive(Debug, Timestamped)]
#[timestamped(table = "labels")]
struct Labelled {
    #[timestamped(id)]
    id: i64,
    #[timestamped(json)]
    labels: Vec<String>,
    timestamps: Timestamps,
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn operators_of_jsonb_are_written_with_two_signs() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE labels (id int PRIMARY KEY, labels jsonb NOT NULL, created_at_ms bigint NOT NULL, updated_at_ms \
             bigint NOT NULL, version bigint NOT NULL)",
        )
        .await;
    let store = place.store().await;
    let all = store.repository::<Labelled>().await.unwrap();
    for (id, label) in [(1, "red"), (2, "what?"), (3, "blue")] {
        let labels = vec![label.to_owned()];
        all.save(&mut Labelled::create(|timestamps| Labelled { id, labels, timestamps }).unwrap()).await.unwrap();
    }
    let found = all.filter("labels ?? ?", ("red",)).await.unwrap();
    assert_eq!((found.len(), found[0].id), (1, 1));
    assert_eq!(all.filter("labels ??| ARRAY['red', 'what?'] AND id > ? -- really?", (1,)).await.unwrap()[0].id, 2);
    assert_eq!(all.touch_all("labels ?? ? -- really?", ("blue",), "x").await.unwrap(), 1);
    let mut found = all.find(&3).await.unwrap().unwrap();
    assert_eq!((found.version(), &*found.labels), (2, &["blue".to_owned()][..]));
    // The database writes its JSON in another way, and that is no change.
    all.save(&mut found).await.unwrap();
    assert_eq!(store.outbox().of(&found).await.unwrap().len(), 2);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn sql_that_fails_repeats_no_value_and_leaves_the_unit_usable() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    let error = unit.filter::<Task>("nothing = 1", ()).await.unwrap_err();
    assert_says(&error, &["`nothing`".replace('`', "\"").as_str(), "42703"]);
    let error = unit.filter::<Task>("title::int = ?", (1,)).await.unwrap_err();
    assert_says(&error, &["22P02"]);
    let error = unit.filter::<Task>("title = 'hunter2'::int::text", ()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("invalid input"), "{error:?}");
    unit.commit().await.unwrap();
    assert_eq!(tasks.filter("title = ?", ("a",)).await.unwrap().len(), 1);
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn an_error_in_the_users_own_sql_ends_the_unit() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    for save_after in [true, false] {
        let mut task = Task::new("a");
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut task).await.unwrap();
        unit.connection().await.unwrap().batch_execute("this is not SQL").await.unwrap_err();
        if save_after {
            let error = unit.save(&mut Task::new("b")).await.unwrap_err();
            assert!(matches!(error, SaveError::Backend(_)), "{error:?}");
        }
        let error = unit.commit().await.unwrap_err();
        assert!(matches!(error, CommitError::RolledBack), "{error:?}");
        assert_eq!(task.pending_events().len(), 1);
        tasks.save(&mut task).await.unwrap();
    }
    assert_eq!(place.list("SELECT count(*) FROM tasks").await, "2");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_table_that_is_altered_under_an_open_store_is_read_on() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE tasks (id uuid PRIMARY KEY, title varchar(20) NOT NULL, created_at_ms bigint NOT NULL, \
             updated_at_ms bigint NOT NULL, version bigint NOT NULL)",
        )
        .await;
    let store = timestamp_repo::Postgres::options().pool_size(1).connect(&place.url).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    tasks.find(&task.id).await.unwrap().unwrap();
    place.sql("ALTER TABLE tasks ADD note text; ALTER TABLE tasks ALTER title TYPE text").await;
    assert!(tasks.find(&task.id).await.unwrap().is_some());
    task.touch("again");
    tasks.save(&mut task).await.unwrap();
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn units_on_different_rows_do_not_wait_for_each_other() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let (mut one, mut two) = (Task::new("a"), Task::new("b"));
    tasks.save(&mut one).await.unwrap();
    tasks.save(&mut two).await.unwrap();
    one.touch("first");
    two.touch("second");
    let mut first = store.begin().await.unwrap();
    let mut second = store.begin().await.unwrap();
    first.save(&mut one).await.unwrap();
    second.save(&mut two).await.unwrap();
    second.commit().await.unwrap();
    tasks.save(&mut Task::new("c")).await.unwrap();
    first.commit().await.unwrap();
    assert_eq!((one.pending_events().len(), two.pending_events().len()), (0, 0));
    place.remove().await;
}
