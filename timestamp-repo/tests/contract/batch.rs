//! `save_all`, `touch_all` and `update`: many rows, or one row that many want.

use std::time::Duration;

use timestamp_core::{EpochMs, Timestamped};
use timestamp_repo::{SaveError, Store, UpdateError};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::entities::{Task, assert_books_balance, open, pending, row, saved, stored};
use super::harness::Harness;

pub(crate) async fn save_all_stores_every_entity_and_its_events<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut batch: Vec<_> = (0..1_200).map(|_| Task::new(harness.clock(), "a")).collect();
    tasks.save_all(&mut batch).await.unwrap();
    assert!(batch.iter().all(|task| pending(task) == 0));
    batch.iter_mut().step_by(2).for_each(Task::increment);
    tasks.save_all(&mut batch).await.unwrap();
    tasks.save_all(&mut batch).await.unwrap();
    tasks.save_all(&mut []).await.unwrap();
    assert_eq!(harness.events().await.len(), 1_800);
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn one_entity_twice_in_a_batch_is_refused_by_its_outcome<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let new = Task::new(harness.clock(), "a");
    let refused = tasks.save_all(&mut [new.clone(), new]).await.unwrap_err();
    assert_eq!(refused.index, 1);
    assert!(matches!(refused.error, SaveError::AlreadyExists), "{refused:?}");
    let mut old = saved(harness, &tasks, "b").await;
    old.increment();
    let refused = tasks.save_all(&mut [old.clone(), old.clone()]).await.unwrap_err();
    assert_eq!(refused.index, 1);
    assert!(refused.error.is_conflict(), "{refused:?}");
    assert_eq!((pending(&old), harness.events().await.len()), (1, 1));
}

pub(crate) async fn touch_all_keeps_the_laws_for_every_row<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut loaded = Vec::new();
    for n in 0..10 {
        let mut task = Task::new(harness.clock(), "a");
        (0..n).for_each(|_| task.increment());
        tasks.save(&mut task).await.unwrap();
        loaded.push(task);
        harness.clock().advance(Duration::from_secs(1));
    }
    // Between the fourth and the fifth: the later ones must not go back.
    let between = EpochMs::from_millis(loaded[3].updated_at().as_millis() + 500).unwrap();
    harness.clock().set(between);
    assert_eq!(tasks.touch_all("count >= ?", (2,), "it's \"time\"").await.unwrap(), 8);
    for (n, mut task) in loaded.into_iter().enumerate() {
        let row = row(harness, &task).await.unwrap();
        assert_eq!(row.created_at, task.created_at().as_millis());
        let touched = n >= 2;
        assert_eq!(row.version, n as i64 + 1 + i64::from(touched));
        let expected = if touched { between.max(task.updated_at()) } else { task.updated_at() };
        assert_eq!(row.updated_at, expected.as_millis());
        task.increment();
        assert_eq!(tasks.save(&mut task).await.is_err_and(|error| error.is_conflict()), touched, "{n}");
        if touched {
            let events = store.outbox().of(&task).await.unwrap();
            let last = events.last().unwrap();
            assert_eq!((last.kind.as_str(), last.reason.as_deref()), ("updated", Some("it's \"time\"")));
            assert_eq!(last.event_type(), "Task.updated");
            let previous = format!(r#""previous_updated_at":"{}""#, task_before(&events));
            assert!(last.payload.contains(&previous), "{}", last.payload);
            assert!(last.payload.contains(r#""reason":"it's \"time\"""#), "{}", last.payload);
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

fn task_before(events: &[timestamp_repo::StoredEvent]) -> EpochMs {
    events[events.len() - 2].at
}

pub(crate) async fn touch_all_of_no_row_writes_nothing<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    saved(harness, &tasks, "a").await;
    assert_eq!(tasks.touch_all("title = ?", ("b",), "x").await.unwrap(), 0);
    assert_eq!(harness.events().await.len(), 1);
}

pub(crate) async fn touch_all_in_a_unit_is_rolled_back_with_it<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    for commit in [false, true] {
        let mut unit = store.begin().await.unwrap();
        let mut loaded = unit.find::<Task>(&task.id).await.unwrap().unwrap();
        loaded.increment();
        unit.save(&mut loaded).await.unwrap();
        assert_eq!(unit.touch_all::<Task>("count = ?", (1,), "bulk").await.unwrap(), 1);
        assert_eq!(unit.find::<Task>(&task.id).await.unwrap().unwrap().version(), 3);
        loaded.increment();
        assert!(unit.save(&mut loaded).await.unwrap_err().is_conflict(), "the row moved under it");
        if commit {
            unit.commit().await.unwrap();
            assert_eq!(stored(harness, &task).await, "created 1, updated 2, updated 3");
        } else {
            unit.rollback();
            assert_eq!(stored(harness, &task).await, "created 1");
        }
    }
    task.increment();
    assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn touch_all_with_an_unknown_commit_is_whole_or_nothing<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    saved(harness, &tasks, "a").await;
    saved(harness, &tasks, "b").await;
    for (answer_lost, events) in [(false, 2), (true, 4)] {
        super::laws::lose(harness, answer_lost);
        assert!(tasks.touch_all("1 = 1", (), "x").await.unwrap_err().is_unknown());
        assert_eq!(harness.events().await.len(), events);
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn touch_all_with_the_wrong_number_of_values_touches_nothing<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    let error = tasks.touch_all("title = ? OR 1 = 1 OR count = ?", ("a",), "x").await.unwrap_err();
    assert!(error.to_string().contains("2 placeholders"), "{error}");
    let error = tasks.touch_all("title = ?", ("a", 1), "x").await.unwrap_err();
    assert!(error.to_string().contains("1 placeholder"), "{error}");
    let mut unit = store.begin().await.unwrap();
    assert!(unit.touch_all::<Task>("title <> ?", (), "x").await.is_err());
    drop(unit);
    assert_eq!(row(harness, &task).await.unwrap().version, 1);
}

pub(crate) async fn update_of_no_row_is_not_found<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let error = tasks.update(&Uuid::now_v7(), Task::increment).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

pub(crate) async fn update_that_is_refused_stores_nothing<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    let untouched = tasks.update(&task.id, |task| task.count = 5).await.unwrap_err();
    assert!(matches!(untouched, UpdateError::Save(SaveError::ChangedWithoutTouch)));
    let mut runs = 0;
    let invalid = tasks.update(&task.id, |task| {
        runs += 1;
        task.count = -1;
        task.touch("spoiled");
    });
    assert!(matches!(invalid.await.unwrap_err(), UpdateError::Save(SaveError::Invalid(_))));
    assert_eq!(runs, 1, "only a conflict is worth another try");
    assert_eq!(row(harness, &task).await.unwrap().version, 1);
}

pub(crate) async fn updates_by_many_tasks_lose_none<H: Harness>(harness: &H) {
    const WORKERS: i64 = 8;
    const EACH: i64 = 10;
    let (_, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (tasks, id) = (tasks.clone(), task.id);
        workers.spawn(async move {
            let mut gave_up = 0;
            for _ in 0..EACH {
                while let Err(error) = tasks.update(&id, Task::increment).await {
                    // Bounded: it says so instead of trying for ever.
                    assert!(matches!(error, UpdateError::Save(SaveError::Conflict)), "{error:?}");
                    gave_up += 1;
                }
            }
            gave_up
        });
    }
    workers.join_all().await;
    let task = tasks.find(&task.id).await.unwrap().unwrap();
    assert_eq!((task.count, task.version()), (WORKERS * EACH, WORKERS as u64 * EACH as u64 + 1));
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}
