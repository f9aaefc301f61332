//! Timestamps that are not the entity's own, in memory or in the row (law 9).

use timestamp_core::Timestamped;
use timestamp_repo::{SaveError, Store};

use super::entities::{Task, assert_books_balance, open, pending, row, saved, stored};
use super::harness::Harness;

pub(crate) async fn an_older_clones_timestamps_are_a_conflict<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut older = task.clone();
    task.increment();
    tasks.save(&mut task).await.unwrap();
    task.swap_timestamps(&mut older);
    task.increment();
    assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
    assert_eq!(row(harness, &task).await.unwrap().version, 2);
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_fresh_create_under_the_same_id_already_exists<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    let mut forged = Task::with_id(harness.clock(), task.id, "b");
    assert!(matches!(tasks.save(&mut forged).await, Err(SaveError::AlreadyExists)));
    let mut moved = task.clone();
    moved.swap_timestamps(&mut forged);
    moved.increment();
    assert!(matches!(tasks.save(&mut moved).await, Err(SaveError::AlreadyExists)));
    let mut unit = store.begin().await.unwrap();
    assert!(matches!(unit.save(&mut moved).await, Err(SaveError::AlreadyExists)));
    unit.commit().await.unwrap();
    let refused = tasks.save_all(&mut [Task::new(harness.clock(), "c"), moved]).await.unwrap_err();
    assert!(matches!(refused.error, SaveError::AlreadyExists) && refused.index == 1, "{refused}");
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().title, "a");
    assert_eq!(stored(harness, &task).await, "created 1");
}

pub(crate) async fn a_changed_id_is_tampering<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let other = saved(harness, &tasks, "b").await;
    task.id = other.id;
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::TimestampsTampered)));
    task.increment();
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::TimestampsTampered)));
    assert_eq!(tasks.find(&other.id).await.unwrap().unwrap().title, "b");
}

pub(crate) async fn an_entity_built_around_anothers_timestamps_is_tampering<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut stolen = Task::new(harness.clock(), "b");
    stolen.swap_timestamps(&mut task);
    stolen.touch("stolen");
    assert!(matches!(tasks.save(&mut stolen).await, Err(SaveError::TimestampsTampered)));
    assert_eq!(harness.rows("tasks").await.len(), 1);
}

pub(crate) async fn a_row_changed_behind_the_stores_back_is_refused<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for (column, conflict) in [("created_at_ms", false), ("updated_at_ms", false), ("version", true)] {
        let mut task = saved(harness, &tasks, "a").await;
        task.increment();
        let later = harness.later(column);
        harness.sql(&format!("UPDATE tasks SET {column} = {later} WHERE id = '{}'", task.id)).await;
        let behind = row(harness, &task).await;
        let mut errors = vec![
            tasks.save(&mut task).await.unwrap_err(),
            tasks.delete(&mut task, "x").await.unwrap_err(),
            tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err().error,
        ];
        let mut unit = store.begin().await.unwrap();
        errors.push(unit.save(&mut task).await.unwrap_err());
        errors.push(unit.delete(&mut task, "x").await.unwrap_err());
        drop(unit);
        for error in errors {
            assert_eq!(error.is_conflict(), conflict, "{column}: {error:?}");
            assert!(conflict || matches!(error, SaveError::TimestampsTampered), "{column}: {error:?}");
        }
        assert_eq!(row(harness, &task).await, behind);
        assert_eq!((pending(&task), stored(harness, &task).await.as_str()), (1, "created 1"));
    }
}

pub(crate) async fn a_row_deleted_behind_the_stores_back_is_a_conflict<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    harness.sql("DELETE FROM tasks").await;
    task.increment();
    assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
    assert_eq!((pending(&task), harness.events().await.len()), (1, 1));
}

pub(crate) async fn columns_changed_behind_the_stores_back_do_not_look_like_a_change<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    harness.sql("UPDATE tasks SET title = 'b'").await;
    let mut loaded = tasks.find(&task.id).await.unwrap().unwrap();
    tasks.save(&mut loaded).await.unwrap();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().title, "b");
    assert_eq!(harness.events().await.len(), 1);
}
