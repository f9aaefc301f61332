//! A commit whose answer is lost: nobody knows, until somebody asks (law 6).

use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::{CommitError, SaveError, Store};

use super::entities::{Task, assert_books_balance, open, open_impatient, pending, row, saved, stored};
use super::harness::Harness;
use super::laws::lose;

pub(crate) async fn retried_save_after_unknown_commit_stores_each_event_once<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    for stored_first in [true, false] {
        let mut task = saved(harness, &tasks, "a").await;
        task.increment();
        task.increment();
        for _ in 0..3 {
            lose(harness, stored_first);
            assert!(tasks.save(&mut task).await.is_err_and(|error| error.is_unknown() && error.is_retryable()));
            assert_eq!(pending(&task), 2);
            if stored_first {
                harness.faults().lose_nothing();
                break;
            }
        }
        tasks.save(&mut task).await.unwrap();
        tasks.save(&mut task).await.unwrap();
        assert_eq!(pending(&task), 0);
        assert_eq!(stored(harness, &task).await, "created 1, updated 2, updated 3");
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_save_is_touched_again_and_saved<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    for new in [true, false] {
        for stored_first in [true, false] {
            let mut task = Task::new(harness.clock(), "a");
            if !new {
                tasks.save(&mut task).await.unwrap();
                task.increment();
            }
            lose(harness, stored_first);
            assert!(tasks.save(&mut task).await.unwrap_err().is_unknown());
            task.increment();
            let mut resolved = task.clone();
            assert_eq!(tasks.resolve(&mut resolved).await.unwrap(), stored_first);
            assert_eq!(pending(&resolved), 2 - usize::from(stored_first));
            tasks.save(&mut task).await.unwrap();
            assert_eq!(pending(&task), 0);
            let expected = if new { "created 1, updated 2" } else { "created 1, updated 2, updated 3" };
            assert_eq!(stored(harness, &task).await, expected);
            assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, task.count);
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_change_without_touch_after_an_unknown_save_is_noticed<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    harness.faults().lose_next_answer();
    assert!(tasks.save(&mut task).await.unwrap_err().is_unknown());
    task.count = 9;
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::ChangedWithoutTouch)));
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, 1);
    task.touch("corrected");
    tasks.save(&mut task).await.unwrap();
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, 9);
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_save_that_somebody_overtook_is_a_conflict<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    for stored_first in [true, false] {
        let mut task = saved(harness, &tasks, "a").await;
        task.increment();
        lose(harness, stored_first);
        assert!(tasks.save(&mut task).await.unwrap_err().is_unknown());
        tasks.update(&task.id, |task| task.touch("overtaken")).await.unwrap();
        if stored_first {
            tasks.save(&mut task).await.unwrap();
            assert_eq!(pending(&task), 0, "it was stored before it was overtaken");
        } else {
            assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
        }
        task.increment();
        assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_batch_is_saved_again<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    for stored_first in [true, false] {
        let mut batch: Vec<_> = (0..5).map(|_| Task::new(harness.clock(), "a")).collect();
        batch.push(saved(harness, &tasks, "b").await);
        batch[5].increment();
        lose(harness, stored_first);
        assert!(tasks.save_all(&mut batch).await.unwrap_err().error.is_unknown());
        assert!(batch.iter().all(|task| pending(task) == 1));
        for task in batch.clone().iter_mut() {
            assert_eq!(tasks.resolve(task).await.unwrap(), stored_first);
        }
        batch.push(Task::new(harness.clock(), "new"));
        batch[0].increment();
        tasks.save_all(&mut batch).await.unwrap();
        assert!(batch.iter().all(|task| pending(task) == 0));
        assert_eq!(stored(harness, &batch[0]).await, "created 1, updated 2");
        assert_eq!(stored(harness, &batch[5]).await, "created 1, updated 2");
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_commit_of_a_unit_is_saved_again<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for stored_first in [true, false] {
        for through_a_unit in [true, false] {
            let mut new = Task::new(harness.clock(), "a");
            let mut old = saved(harness, &tasks, "b").await;
            let mut unit = store.begin().await.unwrap();
            unit.save(&mut new).await.unwrap();
            old.increment();
            unit.save(&mut old).await.unwrap();
            old.increment();
            unit.save(&mut old).await.unwrap();
            lose(harness, stored_first);
            assert!(matches!(unit.commit().await, Err(CommitError::OutcomeUnknown)));
            assert_eq!((pending(&new), pending(&old)), (1, 2));
            let mut asking = old.clone();
            assert_eq!(tasks.resolve(&mut asking).await.unwrap(), stored_first);
            if through_a_unit {
                let mut unit = store.begin().await.unwrap();
                unit.save(&mut new).await.unwrap();
                unit.save(&mut old).await.unwrap();
                unit.commit().await.unwrap();
            } else {
                tasks.save(&mut new).await.unwrap();
                tasks.save(&mut old).await.unwrap();
            }
            assert_eq!((pending(&new), pending(&old)), (0, 0));
            assert_eq!(stored(harness, &new).await, "created 1");
            assert_eq!(stored(harness, &old).await, "created 1, updated 2, updated 3");
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_save_that_a_unit_finds_stored_survives_its_rollback<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    harness.faults().lose_next_answer();
    assert!(tasks.save(&mut task).await.unwrap_err().is_unknown());
    task.increment();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    unit.rollback();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(pending(&task), 0);
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_delete_is_deleted_again<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for stored_first in [true, false] {
        for way in ["again", "unit", "resolve"] {
            let mut task = saved(harness, &tasks, "a").await;
            task.increment();
            lose(harness, stored_first);
            assert!(tasks.delete(&mut task, "old").await.unwrap_err().is_unknown());
            assert_eq!(row(harness, &task).await.is_none(), stored_first);
            assert!(tasks.save(&mut task).await.unwrap_err().is_unknown(), "a save does not undo a delete");
            match way {
                "again" => tasks.delete(&mut task, "old").await.unwrap(),
                "unit" => {
                    let mut unit = store.begin().await.unwrap();
                    unit.delete(&mut task, "old").await.unwrap();
                    unit.commit().await.unwrap();
                }
                _ => {
                    assert_eq!(tasks.resolve(&mut task).await.unwrap(), stored_first);
                    if !stored_first {
                        assert_eq!(pending(&task), 1);
                        tasks.delete(&mut task, "old").await.unwrap();
                    }
                }
            }
            assert_eq!(stored(harness, &task).await, "created 1, updated 2, deleted 3", "{way} {stored_first}");
            assert_eq!((pending(&task), task.version()), (0, 3), "{way} {stored_first}");
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_delete_is_still_recognised_after_a_busy_one<H: Harness>(harness: &H) {
    let (store, tasks) = open_impatient(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    harness.faults().lose_next_answer();
    assert!(tasks.delete(&mut task, "old").await.unwrap_err().is_unknown());
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new(harness.clock(), "holder")).await.unwrap();
    if !H::ONE_WRITER {
        // There is no row that could be held.
        H::unit_sql(&mut unit, "LOCK TABLE tasks IN EXCLUSIVE MODE").await.unwrap();
    }
    assert!(matches!(tasks.delete(&mut task, "old").await, Err(SaveError::Busy(_))));
    unit.rollback();
    tasks.delete(&mut task, "old").await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, deleted 2");
    assert_eq!((pending(&task), task.version()), (0, 2));
}

pub(crate) async fn an_unknown_delete_is_still_recognised_after_a_unit_that_rolled_back<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for stored_first in [true, false] {
        let mut task = saved(harness, &tasks, "a").await;
        lose(harness, stored_first);
        assert!(tasks.delete(&mut task, "old").await.unwrap_err().is_unknown());
        let mut unit = store.begin().await.unwrap();
        unit.delete(&mut task, "old").await.unwrap();
        unit.rollback();
        tasks.delete(&mut task, "old").await.unwrap();
        assert_eq!(stored(harness, &task).await, "created 1, deleted 2");
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_unknown_delete_that_is_touched_keeps_time_in_order<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    harness.clock().advance(Duration::from_secs(1));
    harness.faults().lose_next_commit();
    assert!(tasks.delete(&mut task, "old").await.unwrap_err().is_unknown());
    harness.clock().advance(Duration::from_secs(1));
    task.increment();
    tasks.delete(&mut task, "old").await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2, deleted 3");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn resolve_of_an_entity_that_was_saved_or_never_was<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    assert!(tasks.resolve(&mut task).await.unwrap());
    task.increment();
    assert!(!tasks.resolve(&mut task).await.unwrap());
    assert_eq!(pending(&task), 1);
    assert!(!tasks.resolve(&mut Task::new(harness.clock(), "b")).await.unwrap());
}
