//! What a user's table refuses: an error by name, nothing half-written, and neighbours that notice nothing.

use timestamp_core::Timestamped;
use timestamp_repo::{SaveError, Store};
use tokio::task::JoinSet;

use super::entities::{Step, Task, Tasks, assert_books_balance, name_of_constraint, open, pending, row, saved, stored};
use super::harness::{Harness, Raise, Rule};

pub(crate) async fn unique_constraint_is_named<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::UniqueTitle).await);
    let (store, tasks) = open(harness).await;
    saved(harness, &tasks, "taken").await;
    let mut second = Task::new(harness.clock(), "taken");
    assert!(name_of_constraint(&tasks.save(&mut second).await.unwrap_err()).contains("title"));
    let mut third = saved(harness, &tasks, "free").await;
    third.title = "taken".into();
    third.touch("renamed");
    assert!(name_of_constraint(&tasks.save(&mut third).await.unwrap_err()).contains("title"));
    let mut unit = store.begin().await.unwrap();
    assert!(name_of_constraint(&unit.save(&mut third).await.unwrap_err()).contains("title"));
    drop(unit);
    assert_eq!((pending(&second), pending(&third)), (1, 1));
    second.title = "free as well".into();
    tasks.save(&mut second).await.unwrap();
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn check_constraint_is_named<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::ShortTitle).await);
    let (_, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a title that is too long to be stored");
    let error = tasks.save(&mut task).await.unwrap_err();
    assert_eq!(name_of_constraint(&error), "short_title");
    assert!(!error.to_string().contains("too long"), "the value is in no text: {error}");
}

pub(crate) async fn deferred_foreign_key_is_refused_at_the_commit<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::StepsHaveTasks).await);
    let (store, _) = open(harness).await;
    let steps = store.repository::<Step>().await.unwrap();
    let mut orphan = Step::of(harness.clock(), uuid::Uuid::nil());
    name_of_constraint(&steps.save(&mut orphan).await.unwrap_err());
    let refused = steps.save_all(std::slice::from_mut(&mut orphan)).await.unwrap_err();
    name_of_constraint(&refused.error);
    assert_eq!(pending(&orphan), 1);
    assert!(harness.rows("steps").await.is_empty() && harness.events().await.is_empty());
    // Deferred: in one unit, the child may come first.
    let mut task = Task::new(harness.clock(), "a");
    orphan.task_id = task.id;
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut orphan).await.unwrap();
    unit.save(&mut task).await.unwrap();
    unit.commit().await.unwrap();
    assert_books_balance(harness, &[("tasks", "Task"), ("steps", "Step")]).await;
}

/// Saves 31 good tasks and one bad one at once, several times; first new ones, then the same ones renamed.
async fn one_bad_save_among_many<H: Harness>(harness: &H, tasks: &Tasks<H>, bad_title: &str) -> Vec<SaveError> {
    let mut errors = Vec::new();
    let mut all: Vec<Task> = (0..32).map(|n| Task::new(harness.clock(), &format!("good {n}"))).collect();
    for round in 0..4 {
        let bad = 7 * round;
        for (n, task) in all.iter_mut().enumerate() {
            task.title = if n == bad { bad_title.to_owned() } else { format!("good {n} of {round}") };
            if round > 0 {
                task.touch("renamed");
            }
        }
        let mut saves = JoinSet::new();
        for (n, mut task) in all.drain(..).enumerate() {
            let tasks = tasks.clone();
            saves.spawn(async move {
                let result = tasks.save(&mut task).await;
                (n, task, result)
            });
        }
        let mut done = saves.join_all().await;
        done.sort_by_key(|(n, ..)| *n);
        for (n, mut task, result) in done {
            if n == bad {
                assert!(pending(&task) > 0);
                errors.push(result.unwrap_err());
                let stored_before = stored(harness, &task).await;
                task.title = format!("good {n}, again");
                task.touch("corrected");
                tasks.save(&mut task).await.unwrap();
                assert!(stored(harness, &task).await.starts_with(&stored_before));
            } else {
                assert!(result.is_ok(), "a neighbour failed: {result:?}");
            }
            assert_eq!(pending(&task), 0);
            assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().title, task.title);
            all.push(task);
        }
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
    errors
}

pub(crate) async fn unique_violation_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::UniqueTitle).await);
    let (_, tasks) = open(harness).await;
    saved(harness, &tasks, "taken").await;
    for error in one_bad_save_among_many(harness, &tasks, "taken").await {
        assert!(name_of_constraint(&error).contains("title"));
    }
}

pub(crate) async fn check_violation_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::ShortTitle).await);
    let (_, tasks) = open(harness).await;
    for error in one_bad_save_among_many(harness, &tasks, "a title that is too long to be stored").await {
        assert_eq!(name_of_constraint(&error), "short_title");
    }
}

async fn trigger_in_a_group<H: Harness>(harness: &H, raise: Raise) {
    if !harness.impose(Rule::NoBadTitle(raise)).await {
        return;
    }
    let (_, tasks) = open(harness).await;
    for error in one_bad_save_among_many(harness, &tasks, "bad").await {
        name_of_constraint(&error);
    }
}

pub(crate) async fn trigger_that_aborts_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    trigger_in_a_group(harness, Raise::Abort).await;
}

pub(crate) async fn trigger_that_fails_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    trigger_in_a_group(harness, Raise::Fail).await;
}

pub(crate) async fn trigger_that_fails_afterwards_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    trigger_in_a_group(harness, Raise::FailAfterwards).await;
}

pub(crate) async fn trigger_that_rolls_back_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    trigger_in_a_group(harness, Raise::Rollback).await;
}

pub(crate) async fn trigger_that_ignores_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    trigger_in_a_group(harness, Raise::Ignore).await;
}

/// The row is written when such a trigger speaks, so the save goes through; half of it never stands.
pub(crate) async fn trigger_that_ignores_afterwards_tears_nothing<H: Harness>(harness: &H) {
    if !harness.impose(Rule::NoBadTitle(Raise::IgnoreAfterwards)).await {
        return;
    }
    let (store, tasks) = open(harness).await;
    let mut saves = JoinSet::new();
    for n in 0..16 {
        let tasks = tasks.clone();
        let mut task = Task::new(harness.clock(), if n == 5 { "bad" } else { "good" });
        saves.spawn(async move { tasks.save(&mut task).await.map(|()| task) });
    }
    let saved: Vec<Task> = saves.join_all().await.into_iter().flatten().collect();
    assert!(saved.len() >= 15, "the good ones at least");
    for task in saved {
        assert_eq!(stored(harness, &task).await, "created 1");
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
    let mut unit = store.begin().await.unwrap();
    let _ = unit.save(&mut Task::new(harness.clock(), "bad")).await;
    unit.save(&mut Task::new(harness.clock(), "good")).await.unwrap();
    unit.commit().await.unwrap();
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn trigger_that_ignores_a_row_is_a_constraint<H: Harness>(harness: &H) {
    if !harness.impose(Rule::NoBadTitle(Raise::Ignore)).await {
        return;
    }
    let (store, tasks) = open(harness).await;
    let mut new = Task::new(harness.clock(), "bad");
    let mut old = saved(harness, &tasks, "good").await;
    old.title = "bad".into();
    old.touch("renamed");
    for task in [&mut new, &mut old] {
        assert!(name_of_constraint(&tasks.save(task).await.unwrap_err()).contains("tasks"));
        let refused = tasks.save_all(std::slice::from_mut(task)).await.unwrap_err();
        assert!(name_of_constraint(&refused.error).contains("tasks"));
        let mut unit = store.begin().await.unwrap();
        assert!(name_of_constraint(&unit.save(task).await.unwrap_err()).contains("tasks"));
        unit.commit().await.unwrap();
        assert_eq!(pending(task), 1);
    }
    harness.sql("UPDATE tasks SET title = 'good'").await;
    assert_eq!(harness.events().await.len(), 1);
    let mut taken = Task::with_id(harness.clock(), old.id, "bad");
    assert!(matches!(tasks.save(&mut taken).await, Err(SaveError::AlreadyExists)));
    let mut deleted = saved(harness, &tasks, "good").await;
    tasks.delete(&mut deleted, "old").await.unwrap();
    let mut again = Task::with_id(harness.clock(), deleted.id, "bad");
    assert!(matches!(tasks.save(&mut again).await, Err(SaveError::AlreadyExists)));
}

pub(crate) async fn batch_with_one_bad_entity_stores_nothing_and_names_it<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::UniqueTitle).await);
    let (_, tasks) = open(harness).await;
    let mut batch: Vec<_> = (0..10).map(|n| Task::new(harness.clock(), &n.to_string())).collect();
    batch[7].title = "3".into();
    let refused = tasks.save_all(&mut batch).await.unwrap_err();
    assert_eq!(refused.index, 7);
    assert!(name_of_constraint(&refused.error).contains("title"));
    assert!(harness.rows("tasks").await.is_empty() && harness.events().await.is_empty());
    assert!(batch.iter().all(|task| pending(task) == 1));
    batch[7].title = "7".into();
    tasks.save_all(&mut batch).await.unwrap();
    assert!(row(harness, &batch[7]).await.is_some());
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn deferred_foreign_key_in_a_group_leaves_its_neighbours_alone<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::StepsHaveTasks).await);
    let (store, tasks) = open(harness).await;
    let steps = store.repository::<Step>().await.unwrap();
    let task = saved(harness, &tasks, "a").await;
    let mut saves = JoinSet::new();
    for n in 0..32 {
        let steps = steps.clone();
        let mut step = Step::of(harness.clock(), if n == 9 { uuid::Uuid::nil() } else { task.id });
        saves.spawn(async move { (n, steps.save(&mut step).await, step.pending_events().len()) });
    }
    for (n, result, pending) in saves.join_all().await {
        assert_eq!(result.is_err(), n == 9, "{n}: {result:?}");
        assert_eq!(pending, usize::from(n == 9));
    }
    assert_eq!(harness.rows("steps").await.len(), 31);
    assert_books_balance(harness, &[("tasks", "Task"), ("steps", "Step")]).await;
}
