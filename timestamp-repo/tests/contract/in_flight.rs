//! The outcome that an entity, its clones and its transaction share (law 5).

use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::{SaveError, Store};

use super::entities::{
    Task, Tasks, assert_books_balance, hold, landed, let_go, open, open_impatient, pending, row, saved, stored,
};
use super::harness::{Harness, Rule};

pub(crate) async fn clones_made_after_the_save_share_its_outcome<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for commit in [false, true] {
        let mut task = Task::new(harness.clock(), "a");
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut task).await.unwrap();
        let mut clone = task.clone();
        clone.increment();
        if commit {
            unit.commit().await.unwrap();
            assert_eq!((pending(&task), pending(&clone)), (0, 1));
            tasks.save(&mut clone).await.unwrap();
            task.increment();
            assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
        } else {
            unit.rollback();
            assert_eq!((pending(&task), pending(&clone)), (1, 2));
            tasks.save(&mut clone).await.unwrap();
            assert_eq!(stored(harness, &clone).await, "created 1, updated 2");
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn clones_made_before_the_save_know_nothing_of_it<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    let mut clone = task.clone();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    assert!(unit.save(&mut clone).await.unwrap_err().is_conflict());
    unit.commit().await.unwrap();
    assert_eq!((pending(&task), pending(&clone)), (0, 1));
    assert!(tasks.save(&mut clone).await.unwrap_err().is_conflict());
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
}

pub(crate) async fn a_clone_saved_in_the_unit_of_its_original_keeps_its_events_until_the_commit<H: Harness>(
    harness: &H,
) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    task.increment();
    // Its events have their ids from here on, and so have those of the clone.
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    unit.rollback();
    let mut clone = task.clone();
    clone.increment();

    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    let answer = unit.save(&mut clone).await;
    unit.rollback();
    assert_eq!((pending(&task), pending(&clone)), (2, 3), "the clone's save said {answer:?}");
    assert!(row(harness, &task).await.is_none());
    tasks.save(&mut clone).await.unwrap();
    assert_eq!(stored(harness, &clone).await, "created 1, updated 2, updated 3");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_entity_in_flight_in_another_unit_is_refused<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    let mut one = store.begin().await.unwrap();
    one.save(&mut task).await.unwrap();
    let mut other = store.begin().await.unwrap();
    assert!(matches!(other.save(&mut task).await, Err(SaveError::InFlight)));
    assert!(matches!(other.delete(&mut task, "x").await, Err(SaveError::InFlight)));
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::InFlight)));
    assert!(matches!(tasks.delete(&mut task, "x").await, Err(SaveError::InFlight)));
    let mut clone = task.clone();
    assert!(matches!(tasks.save(&mut clone).await, Err(SaveError::InFlight)));
    let refused = tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err();
    assert!(matches!(refused.error, SaveError::InFlight) && refused.error.is_retryable());
    one.commit().await.unwrap();
    task.increment();
    other.save(&mut task).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn save_dropped_while_it_waits_is_not_stored<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    if !H::ONE_WRITER {
        return save_dropped_while_it_waits_for_a_row_is_refused(harness, &store, &tasks).await;
    }
    let (ready, wait) = tokio::sync::oneshot::channel();
    let (end, ended) = tokio::sync::oneshot::channel();
    let holder = tokio::spawn({
        let (store, clock) = (store.clone(), harness.clock().clone());
        async move {
            let mut unit = store.begin().await.unwrap();
            unit.save(&mut Task::new(&clock, "holder")).await.unwrap();
            ready.send(()).unwrap();
            ended.await.unwrap();
            unit.commit().await.unwrap();
        }
    });
    wait.await.unwrap();
    let mut one = Task::new(harness.clock(), "one");
    let mut batch = [Task::new(harness.clock(), "two"), Task::new(harness.clock(), "three")];
    assert!(tokio::time::timeout(Duration::from_millis(30), tasks.save(&mut one)).await.is_err());
    assert!(tokio::time::timeout(Duration::from_millis(30), tasks.save_all(&mut batch)).await.is_err());
    end.send(()).unwrap();
    holder.await.unwrap();
    let last = saved(harness, &tasks, "last").await;
    assert_eq!(harness.rows("tasks").await.len(), 2);
    assert!(row(harness, &last).await.is_some());
    // They know, and can be saved.
    assert_eq!((pending(&one), pending(&batch[0]), pending(&batch[1])), (1, 1, 1));
    tasks.save(&mut one).await.unwrap();
    tasks.save_all(&mut batch).await.unwrap();
    assert_eq!(harness.rows("tasks").await.len(), 5);
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

/// Where a save waits for one row, what it waits for has changed that row.
async fn save_dropped_while_it_waits_for_a_row_is_refused<H: Harness>(harness: &H, store: &H::Store, tasks: &Tasks<H>) {
    let (mut one, mut two) = (saved(harness, tasks, "one").await, saved(harness, tasks, "two").await);
    let mut holders = Vec::new();
    let mut unit = store.begin().await.unwrap();
    for task in [&one, &two] {
        let mut holder = tasks.find(&task.id).await.unwrap().unwrap();
        holder.touch("overtaken");
        unit.save(&mut holder).await.unwrap();
        holders.push(holder);
    }
    one.increment();
    two.increment();
    let mut batch = [Task::new(harness.clock(), "three"), two];
    let (mut one, batch, tasks) = tokio::spawn({
        let tasks = tasks.clone();
        async move {
            assert!(tokio::time::timeout(Duration::from_millis(30), tasks.save(&mut one)).await.is_err());
            assert!(tokio::time::timeout(Duration::from_millis(30), tasks.save_all(&mut batch)).await.is_err());
            (one, batch, tasks)
        }
    })
    .await
    .unwrap();
    assert!(matches!(tasks.save(&mut one).await, Err(SaveError::Busy(_) | SaveError::InFlight)));
    unit.commit().await.unwrap();
    for task in batch.iter().chain([&one]) {
        landed::<H>(store, task).await;
        assert_eq!(pending(task), 1, "it is not stored, and it knows");
    }
    assert_eq!(harness.rows("tasks").await.len(), 2);
    assert!(tasks.save(&mut one).await.unwrap_err().is_conflict());
    let [mut three, _] = batch;
    tasks.save(&mut three).await.unwrap();
    assert_eq!((pending(&three), pending(&holders[0])), (0, 0));
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn save_dropped_after_it_began_is_stored_and_the_entity_knows<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::SlowTitles).await);
    let (_, tasks) = open(harness).await;
    let mut one = Task::new(harness.clock(), "slow one");
    let mut batch = [Task::new(harness.clock(), "slow two")];
    let _ = tokio::time::timeout(Duration::from_millis(20), tasks.save(&mut one)).await;
    settled(&one).await;
    assert_eq!(stored(harness, &one).await, "created 1");
    let _ = tokio::time::timeout(Duration::from_millis(20), tasks.save_all(&mut batch)).await;
    settled(&batch[0]).await;
    assert_eq!(stored(harness, &batch[0]).await, "created 1");
    one.increment();
    tasks.save(&mut one).await.unwrap();
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

async fn settled(task: &Task) {
    for _ in 0..2_000 {
        if pending(task) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a save that had begun never told its entity how it ended");
}

pub(crate) async fn a_drain_takes_nothing_from_an_entity_in_flight<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    task.drain_events().commit();
    assert_eq!(pending(&task), 1);
    unit.rollback();
    assert_eq!(pending(&task), 1);
    tasks.save(&mut task).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
}

pub(crate) async fn an_entity_drained_by_itself_is_refused<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut new = Task::new(harness.clock(), "a");
    new.drain_events().commit();
    let mut old = saved(harness, &tasks, "b").await;
    old.increment();
    old.drain_events().commit();
    // Only touched: even its columns are those of the row.
    let mut same = saved(harness, &tasks, "c").await;
    same.touch("looked at");
    same.drain_events().commit();
    for task in [&mut new, &mut old, &mut same] {
        let error = tasks.save(task).await.unwrap_err();
        assert!(matches!(error, SaveError::ChangedWithoutTouch), "{error:?}");
        let mut unit = store.begin().await.unwrap();
        assert!(matches!(unit.save(task).await, Err(SaveError::ChangedWithoutTouch)));
        drop(unit);
        task.increment();
        assert!(tasks.save(task).await.unwrap_err().is_conflict(), "its events are not in the outbox");
    }
    assert_eq!(harness.events().await.len(), 2);
}

pub(crate) async fn a_drain_of_nothing_changes_nothing<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    task.drain_events().commit();
    tasks.save(&mut task).await.unwrap();
    task.increment();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
}

pub(crate) async fn save_past_the_unit_in_the_same_task_fails_at_once<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut unit = store.begin().await.unwrap();
    hold(harness, &mut unit, &task).await;
    task.increment();
    let begun = std::time::Instant::now();
    let refused = [
        tasks.save(&mut task).await.unwrap_err(),
        tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err().error,
        tasks.delete(&mut task, "x").await.unwrap_err(),
        tasks.touch_all("1 = 1", (), "x").await.unwrap_err(),
    ];
    let mut second = store.begin().await.unwrap();
    let in_second = second.save(&mut task).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "it waited for itself");
    for error in refused.iter().chain([&in_second]) {
        assert!(error.to_string().contains("save through the unit"), "{error}");
        assert!(error.to_string().contains("in_flight.rs"), "{error}");
        assert!(!error.is_retryable());
    }
    if H::ONE_WRITER {
        unit.save(&mut task).await.unwrap();
        unit.commit().await.unwrap();
    } else {
        // The unit holds the row because it has changed it, so it can not save this copy.
        assert!(unit.save(&mut task).await.unwrap_err().is_conflict());
        unit.rollback();
        tasks.save(&mut task).await.unwrap();
    }
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn save_that_waits_for_a_unit_is_busy_and_says_where_it_began<H: Harness>(harness: &H) {
    let (store, tasks) = open_impatient(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut unit = store.begin().await.unwrap();
    hold(harness, &mut unit, &task).await;
    task.increment();
    let (task, errors) = tokio::spawn({
        let (store, tasks) = (store.clone(), tasks.clone());
        async move {
            let mut errors = vec![
                tasks.save(&mut task).await.unwrap_err(),
                tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err().error,
                tasks.delete(&mut task, "x").await.unwrap_err(),
                tasks.touch_all("1 = 1", (), "x").await.unwrap_err(),
            ];
            let mut unit = store.begin().await.unwrap();
            errors.push(unit.save(&mut task).await.unwrap_err());
            (task, errors)
        }
    })
    .await
    .unwrap();
    for error in &errors {
        let SaveError::Busy(busy) = error else { panic!("expected busy, found {error:?}") };
        assert!(busy.unit().is_some_and(|begun| begun.file().ends_with("in_flight.rs")), "{busy}");
        assert!(!busy.is_same_task() && error.is_retryable());
    }
    assert_eq!(pending(&task), 1);
    let_go::<H>(unit).await;
    let mut task = task;
    tasks.save(&mut task).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn save_that_waits_for_another_process_is_busy<H: Harness>(harness: &H) {
    let (store, tasks) = open_impatient(harness).await;
    let other = harness.open(Duration::from_millis(150)).await;
    other.repository::<Task>().await.unwrap();
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    let mut unit = other.begin().await.unwrap();
    hold(harness, &mut unit, &task).await;
    let mut mine = store.begin().await.unwrap();
    for error in [
        tasks.save(&mut task).await.unwrap_err(),
        tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err().error,
        tasks.touch_all("1 = 1", (), "x").await.unwrap_err(),
        mine.save(&mut task).await.unwrap_err(),
    ] {
        assert!(matches!(error, SaveError::Busy(_)) && error.is_retryable(), "{error:?}");
    }
    let_go::<H>(unit).await;
    mine.save(&mut task).await.unwrap();
    mine.commit().await.unwrap();
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}
