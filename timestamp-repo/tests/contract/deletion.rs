//! The last event of an entity.

use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::Store;

use super::entities::{Note, Task, assert_books_balance, open, pending, row, saved, stored};
use super::harness::Harness;

pub(crate) async fn delete_stores_the_pending_events_and_its_own<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    harness.clock().advance(Duration::from_secs(5));
    tasks.delete(&mut task, format!("done by {}", "Ada")).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2, deleted 3");
    let events = store.outbox().of_id::<Task>(&task.id).await.unwrap();
    assert_eq!(events[2].reason.as_deref(), Some("done by Ada"));
    assert_eq!((events[2].at, events[2].event_type()), (harness.clock().now(), "Task.deleted".to_owned()));
    assert_eq!((task.updated_at(), task.version(), pending(&task)), (harness.clock().now(), 3, 0));
    assert!(tasks.find(&task.id).await.unwrap().is_none());
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn delete_of_an_entity_that_was_never_saved_is_a_conflict<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    assert!(tasks.delete(&mut task, "x").await.unwrap_err().is_conflict());
    let mut unit = store.begin().await.unwrap();
    assert!(unit.delete(&mut task, "x").await.unwrap_err().is_conflict());
    drop(unit);
    tasks.save(&mut task).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1");
}

pub(crate) async fn delete_in_a_unit_is_known_at_its_commit<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for commit in [false, true] {
        let mut task = saved(harness, &tasks, "a").await;
        task.increment();
        let mut unit = store.begin().await.unwrap();
        unit.delete(&mut task, "old").await.unwrap();
        assert_eq!((pending(&task), task.version()), (1, 2));
        assert!(unit.find::<Task>(&task.id).await.unwrap().is_none());
        assert!(unit.save(&mut task).await.unwrap_err().is_conflict());
        assert!(unit.delete(&mut task, "old").await.unwrap_err().is_conflict());
        let clone = task.clone();
        if commit {
            unit.commit().await.unwrap();
            assert_eq!((pending(&task), task.version(), pending(&clone), clone.version()), (0, 3, 0, 3));
            assert_eq!(stored(harness, &task).await, "created 1, updated 2, deleted 3");
        } else {
            unit.rollback();
            assert_eq!((pending(&task), task.version()), (1, 2));
            tasks.save(&mut task).await.unwrap();
            assert_eq!(stored(harness, &task).await, "created 1, updated 2");
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_entity_is_created_changed_and_deleted_in_one_unit<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    task.increment();
    unit.save(&mut task).await.unwrap();
    task.increment();
    unit.delete(&mut task, "changed my mind").await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2, updated 3, deleted 4");
    assert!(row(harness, &task).await.is_none());
    assert_eq!((pending(&task), task.version()), (0, 4));
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_entity_without_a_string_for_an_id_is_deleted<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    let mut note = Note::new(harness.clock(), -5);
    notes.save(&mut note).await.unwrap();
    note.text = Some("a".into());
    note.touch("written");
    notes.save(&mut note).await.unwrap();
    notes.touch_all("id = ?", (-5,), "looked at").await.unwrap();
    let mut note = notes.find(&-5).await.unwrap().unwrap();
    notes.delete(&mut note, "old").await.unwrap();
    assert_eq!(stored(harness, &note).await, "created 1, updated 2, updated 3, deleted 4");
    assert_books_balance(harness, &[("notes", "Note")]).await;
}

pub(crate) async fn entities_of_two_types_may_have_the_same_id<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    let mut task = saved(harness, &tasks, "a").await;
    let mut note = Note::new(harness.clock(), 1);
    notes.save(&mut note).await.unwrap();
    tasks.delete(&mut task, "old").await.unwrap();
    assert_eq!(stored(harness, &note).await, "created 1");
    assert_books_balance(harness, &[("tasks", "Task"), ("notes", "Note")]).await;
}
