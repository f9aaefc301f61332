//! One transaction over several repositories: what its entities know, and when.

use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::{CommitError, SaveError, Store};

use super::entities::{Note, Task, assert_books_balance, landed, open, pending, row, saved, stored};
use super::harness::{Harness, Raise, Rule};

pub(crate) async fn rolled_back_save_keeps_events_pending<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut new = Task::new(harness.clock(), "a");
    let mut old = saved(harness, &tasks, "b").await;
    old.increment();
    for roll_back in [true, false] {
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut new).await.unwrap();
        unit.save(&mut old).await.unwrap();
        if roll_back {
            unit.rollback()
        } else {
            drop(unit)
        }
        assert_eq!((pending(&new), pending(&old)), (1, 1));
        assert_eq!(harness.rows("tasks").await.len(), 1);
    }
    tasks.save(&mut new).await.unwrap();
    tasks.save(&mut old).await.unwrap();
    assert_eq!((pending(&new), pending(&old)), (0, 0));
    assert_eq!(stored(harness, &old).await, "created 1, updated 2");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn failed_commit_keeps_events_pending<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::StepsHaveTasks).await);
    let (store, tasks) = open(harness).await;
    let steps = store.repository::<super::entities::Step>().await.unwrap();
    let mut task = Task::new(harness.clock(), "a");
    let mut step = super::entities::Step::of(harness.clock(), uuid::Uuid::nil());
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    unit.save(&mut step).await.unwrap();
    let error = unit.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Constraint { .. }), "{error:?}");
    assert_eq!((pending(&task), pending(&step)), (1, 1));
    assert!(harness.rows("tasks").await.is_empty() && harness.events().await.is_empty());
    step.task_id = task.id;
    tasks.save(&mut task).await.unwrap();
    steps.save(&mut step).await.unwrap();
    assert_eq!((pending(&task), pending(&step)), (0, 0));
    assert_books_balance(harness, &[("tasks", "Task"), ("steps", "Step")]).await;
}

pub(crate) async fn events_are_forgotten_only_when_the_unit_commits<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    store.repository::<Note>().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    // Declared after the unit, of two types, and one goes out of scope.
    let mut task = Task::new(harness.clock(), "a");
    let mut note = Note::new(harness.clock(), 7);
    unit.save(&mut task).await.unwrap();
    unit.save(&mut note).await.unwrap();
    {
        let mut gone = Task::new(harness.clock(), "b");
        unit.save(&mut gone).await.unwrap();
    }
    assert_eq!((pending(&task), pending(&note)), (1, 1));
    assert!(task.drain_events().events().next().is_none(), "they belong to the unit");
    unit.commit().await.unwrap();
    assert_eq!((pending(&task), pending(&note)), (0, 0));
    assert_eq!(harness.rows("tasks").await.len(), 2);
    assert_books_balance(harness, &[("tasks", "Task"), ("notes", "Note")]).await;
}

pub(crate) async fn entities_are_loaded_changed_and_saved_in_a_loop<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(saved(harness, &tasks, "a").await.id);
    }
    let mut unit = store.begin().await.unwrap();
    let mut kept = Vec::new();
    for id in &ids {
        let mut task = unit.find::<Task>(id).await.unwrap().unwrap();
        task.increment();
        unit.save(&mut task).await.unwrap();
        kept.push(task);
    }
    assert!(harness.rows("tasks").await.iter().all(|row| row.version == 1), "nothing is stored before the commit");
    unit.commit().await.unwrap();
    assert!(harness.rows("tasks").await.iter().all(|row| row.version == 2));
    for task in &mut kept {
        assert_eq!(pending(task), 0);
        task.increment();
        tasks.save(task).await.unwrap();
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_entity_is_touched_and_saved_again_in_its_unit<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for commit in [false, true] {
        let mut task = Task::new(harness.clock(), "a");
        let mut unit = store.begin().await.unwrap();
        for version in 1..=4 {
            unit.save(&mut task).await.unwrap();
            assert_eq!(pending(&task), version);
            assert_eq!(unit.find::<Task>(&task.id).await.unwrap().unwrap().version(), version as u64);
            unit.save(&mut task).await.unwrap();
            task.increment();
        }
        // The last touch comes after the last save, and stays pending.
        if commit {
            unit.commit().await.unwrap();
            assert_eq!(pending(&task), 1);
        } else {
            unit.rollback();
            assert_eq!(pending(&task), 5);
        }
        tasks.save(&mut task).await.unwrap();
        assert_eq!(pending(&task), 0);
        assert_eq!(stored(harness, &task).await, "created 1, updated 2, updated 3, updated 4, updated 5");
        assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, 4);
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_change_without_touch_after_a_save_in_the_unit_is_noticed<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut unit = store.begin().await.unwrap();
    task.increment();
    unit.save(&mut task).await.unwrap();
    task.count = 9;
    assert!(matches!(unit.save(&mut task).await, Err(SaveError::ChangedWithoutTouch)));
    unit.commit().await.unwrap();
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::ChangedWithoutTouch)));
    task.count = 1;
    tasks.save(&mut task).await.unwrap();
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, 1);
}

pub(crate) async fn save_after_rollback_stores_everything<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    task.increment();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    task.increment();
    unit.rollback();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    task.increment();
    unit.rollback();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1, updated 2, updated 3, updated 4");
    assert_eq!((pending(&task), row(harness, &task).await.unwrap().version), (0, 4));
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_unit_sees_what_it_wrote_and_nobody_else_does<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.find::<Task>(&task.id).await.unwrap().unwrap().version(), 1);
    task.increment();
    unit.save(&mut task).await.unwrap();
    assert_eq!(unit.find::<Task>(&task.id).await.unwrap().unwrap().version(), 2);
    assert_eq!(unit.filter::<Task>("count = ?", (1,)).await.unwrap().len(), 1);
    assert_eq!(unit.recent::<Task>(None, 10).await.unwrap().items[0].version(), 2);
    assert_eq!(unit.find_all::<Task>([&task.id]).await.unwrap()[0].version(), 2);
    assert_eq!(unit.changed_since::<Task>(task.created_at()).await.unwrap()[0].version(), 2);
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().version(), 1);
    assert_eq!(tasks.filter("count = ?", (1,)).await.unwrap().len(), 0);
    unit.commit().await.unwrap();
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().version(), 2);
}

pub(crate) async fn a_unit_commits_sql_of_the_users_own<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    harness.sql("CREATE TABLE audit (what TEXT)").await;
    for commit in [false, true] {
        let mut task = Task::new(harness.clock(), "a");
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut task).await.unwrap();
        H::unit_sql(&mut unit, "INSERT INTO audit VALUES ('saved')").await.unwrap();
        if commit {
            unit.commit().await.unwrap();
        }
    }
    harness.sql("CREATE UNIQUE INDEX only_one ON audit (what)").await;
    assert_eq!(harness.rows("tasks").await.len(), 1);
    harness
        .sql("CREATE TABLE kept AS SELECT 1 AS id, 0 AS created_at_ms, 0 AS updated_at_ms, 1 AS version FROM audit")
        .await;
    assert_eq!(harness.rows("kept").await.len(), 1);
}

pub(crate) async fn a_users_own_commit_is_noticed<H: Harness>(harness: &H) {
    for sql in ["COMMIT", "COMMIT; BEGIN"] {
        let (store, tasks) = open(harness).await;
        let mut before = Task::new(harness.clock(), "a");
        let mut after = Task::new(harness.clock(), "b");
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut before).await.unwrap();
        H::unit_sql(&mut unit, sql).await.unwrap();
        let error = unit.save(&mut after).await.unwrap_err();
        assert!(matches!(error, SaveError::Backend(_)), "{error:?}");
        assert_eq!((pending(&before), pending(&after)), (0, 1), "{sql}");
        assert!(unit.find::<Task>(&before.id).await.is_err());
        assert!(matches!(unit.commit().await, Err(CommitError::EndedElsewhere { stored: true })));
        assert!(row(harness, &before).await.is_some() && row(harness, &after).await.is_none());
        tasks.save(&mut before).await.unwrap();
        tasks.save(&mut after).await.unwrap();
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_users_own_commit_is_noticed_at_the_units_commit<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    H::unit_sql(&mut unit, "COMMIT; BEGIN; DELETE FROM tasks").await.unwrap();
    assert!(matches!(unit.commit().await, Err(CommitError::EndedElsewhere { stored: true })));
    assert_eq!(pending(&task), 0);
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_users_own_rollback_is_noticed<H: Harness>(harness: &H) {
    for sql in ["ROLLBACK", "ROLLBACK; BEGIN"] {
        let (store, tasks) = open(harness).await;
        let mut task = Task::new(harness.clock(), "a");
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut task).await.unwrap();
        H::unit_sql(&mut unit, sql).await.unwrap();
        let error = unit.commit().await.unwrap_err();
        assert!(
            matches!(error, CommitError::EndedElsewhere { stored: false } | CommitError::RolledBack),
            "{sql}: {error:?}"
        );
        assert_eq!(pending(&task), 1);
        assert!(row(harness, &task).await.is_none());
        tasks.save(&mut task).await.unwrap();
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_refused_save_leaves_the_unit_usable<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::ShortTitle).await);
    let (store, tasks) = open(harness).await;
    let clock = harness.clock();
    let mut stale = saved(harness, &tasks, "stale").await;
    tasks.update(&stale.id, Task::increment).await.unwrap();
    stale.increment();
    let mut taken = Task::with_id(clock, stale.id, "taken");
    let mut constrained = Task::new(clock, "a title that is too long to be stored");
    let mut invalid = Task::new(clock, "a");
    invalid.title.clear();
    let mut untouched = saved(harness, &tasks, "untouched").await;
    untouched.title.push('!');
    let mut tampered = saved(harness, &tasks, "tampered").await;
    tampered.swap_timestamps(&mut Task::new(clock, "other"));

    let mut before = Task::new(clock, "before");
    let mut after = Task::new(clock, "after");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut before).await.unwrap();
    assert!(matches!(unit.save(&mut stale).await, Err(SaveError::Conflict)));
    assert!(matches!(unit.save(&mut taken).await, Err(SaveError::AlreadyExists)));
    assert!(matches!(unit.save(&mut constrained).await, Err(SaveError::Constraint { .. })));
    assert!(matches!(unit.save(&mut invalid).await, Err(SaveError::Invalid(_))));
    assert!(matches!(unit.save(&mut untouched).await, Err(SaveError::ChangedWithoutTouch)));
    assert!(matches!(unit.save(&mut tampered).await, Err(SaveError::TimestampsTampered)));
    assert!(matches!(unit.delete(&mut stale, "x").await, Err(SaveError::Conflict)));
    unit.save(&mut after).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!((pending(&before), pending(&after)), (0, 0));
    assert!(row(harness, &before).await.is_some() && row(harness, &after).await.is_some());
    assert_eq!((pending(&taken), pending(&constrained), pending(&stale)), (1, 1, 1));
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn a_failure_of_the_database_ends_the_unit<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    let error = unit.touch_all::<Task>("this is not SQL", (), "x").await.unwrap_err();
    assert!(matches!(error, SaveError::Backend(_)), "{error:?}");
    assert_eq!(pending(&task), 1);
    assert!(matches!(unit.save(&mut task).await, Err(SaveError::Backend(_))));
    assert!(matches!(unit.commit().await, Err(CommitError::RolledBack)));
    assert!(row(harness, &task).await.is_none());
    tasks.save(&mut task).await.unwrap();
    assert_eq!(stored(harness, &task).await, "created 1");
}

pub(crate) async fn a_trigger_that_ends_the_transaction_ends_the_unit<H: Harness>(harness: &H) {
    if !harness.impose(Rule::NoBadTitle(Raise::Rollback)).await {
        return;
    }
    let (store, tasks) = open(harness).await;
    let mut good = Task::new(harness.clock(), "good");
    let mut bad = Task::new(harness.clock(), "bad");
    let mut late = Task::new(harness.clock(), "late");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut good).await.unwrap();
    assert!(unit.save(&mut bad).await.is_err());
    assert_eq!((pending(&good), pending(&bad)), (1, 1));
    assert!(unit.save(&mut late).await.is_err(), "it would be stored alone");
    assert!(matches!(unit.commit().await, Err(CommitError::RolledBack)));
    assert!(harness.rows("tasks").await.is_empty() && harness.events().await.is_empty());
    tasks.save(&mut good).await.unwrap();
    tasks.save(&mut late).await.unwrap();
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_empty_unit_commits<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    store.begin().await.unwrap().commit().await.unwrap();
    let mut task = saved(harness, &tasks, "a").await;
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(harness.events().await.len(), 1);
}

pub(crate) async fn dropped_commit_is_stored_or_not_and_the_entity_knows<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for wait in [0, 50, 200, 1_000, 20_000] {
        let mut task = Task::new(harness.clock(), "a");
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut task).await.unwrap();
        let _ = tokio::time::timeout(Duration::from_micros(wait), unit.commit()).await;
        if H::ONE_WRITER {
            // The lock is free when the outcome is decided.
            saved(harness, &tasks, "next").await;
        } else {
            landed::<H>(&store, &task).await;
        }
        let stored = row(harness, &task).await.is_some();
        assert_eq!(pending(&task), usize::from(!stored));
        tasks.save(&mut task).await.unwrap();
    }
    let mut task = Task::new(harness.clock(), "a");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    drop(unit.commit());
    assert_eq!(pending(&task), 1, "a commit that was never polled has not happened");
    assert!(row(harness, &task).await.is_none());
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn an_entity_found_in_a_unit_that_rolled_back_is_a_conflict<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let mut unit = store.begin().await.unwrap();
    let mut never = unit.find::<Task>(&task.id).await.unwrap().unwrap();
    never.increment();
    unit.save(&mut never).await.unwrap();
    let mut ghost = unit.find::<Task>(&task.id).await.unwrap().unwrap();
    unit.rollback();
    // At the same millisecond somebody else stores another second version.
    task.title = "b".into();
    task.touch("renamed");
    tasks.save(&mut task).await.unwrap();
    ghost.increment();
    assert!(tasks.save(&mut ghost).await.unwrap_err().is_conflict());
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().title, "b");
}
