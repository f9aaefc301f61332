//! The laws that concern a store, each by its name. `docs/design.md` lists them all.

use std::time::Duration;

use timestamp_core::{EpochMs, Timestamped};
use timestamp_repo::{SaveError, Store};
use uuid::Uuid;

use super::entities::{Task, assert_books_balance, open, pending, row, saved, stored};
use super::harness::{Harness, Rule};

pub(crate) async fn law_1_created_at_never_changes_after_create<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    let created = task.created_at();
    for _ in 0..3 {
        tasks.save(&mut task).await.unwrap();
        harness.clock().advance(Duration::from_secs(60));
        task.increment();
    }
    tasks.save(&mut task).await.unwrap();
    tasks.touch_all("1 = 1", (), "looked at").await.unwrap();
    let mut task = tasks.find(&task.id).await.unwrap().unwrap();
    assert_eq!(task.created_at(), created);
    assert_eq!(row(harness, &task).await.unwrap().created_at, created.as_millis());
    let mut unit = store.begin().await.unwrap();
    task.increment();
    unit.save(&mut task).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(row(harness, &task).await.unwrap().created_at, created.as_millis());
}

pub(crate) async fn law_2_updated_at_never_goes_back<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    let noon = task.updated_at();
    harness.clock().set(EpochMs::from_millis(noon.as_millis() - 3_600_000).unwrap());
    task.increment();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(task.updated_at(), noon);
    assert_eq!(tasks.touch_all("1 = 1", (), "looked at").await.unwrap(), 1);
    let mut task = tasks.find(&task.id).await.unwrap().unwrap();
    assert_eq!((task.updated_at(), task.version()), (noon, 3));
    tasks.delete(&mut task, "old").await.unwrap();
    assert_eq!((task.updated_at(), task.version()), (noon, 4));
    let events = harness.events().await;
    assert!(events.iter().all(|event| event.at == noon.as_millis()), "{events:?}");
}

pub(crate) async fn law_3_every_create_touch_and_delete_adds_exactly_one_event<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    task.increment();
    task.touch_with("explained", ["why"]).unwrap();
    tasks.save(&mut task).await.unwrap();
    task.increment();
    tasks.save(&mut task).await.unwrap();
    tasks.save(&mut task).await.unwrap();
    task.increment();
    tasks.delete(&mut task, "done with").await.unwrap();
    assert_eq!(task.version(), 6);
    assert_eq!(stored(harness, &task).await, "created 1, updated 2, updated 3, updated 4, updated 5, deleted 6");
    let reasons: Vec<_> = harness.events().await.into_iter().map(|event| event.reason).collect();
    let expected = [None, Some("incremented"), Some("explained"), Some("incremented"), Some("incremented")];
    assert_eq!(reasons[..5], expected.map(|reason| reason.map(str::to_owned)));
    assert_eq!(reasons[5].as_deref(), Some("done with"));
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}

pub(crate) async fn law_3_ids_are_not_reused<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    tasks.delete(&mut task, "old").await.unwrap();
    let mut again = Task::with_id(harness.clock(), task.id, "b");
    assert!(matches!(tasks.save(&mut again).await, Err(SaveError::AlreadyExists)));
    assert!(row(harness, &again).await.is_none());
    let mut unit = store.begin().await.unwrap();
    assert!(matches!(unit.save(&mut again).await, Err(SaveError::AlreadyExists)));
    unit.commit().await.unwrap();
    let refused = tasks.save_all(&mut [Task::new(harness.clock(), "c"), again]).await.unwrap_err();
    assert_eq!(refused.index, 1);
    assert!(matches!(refused.error, SaveError::AlreadyExists), "{refused}");
    assert!(harness.rows("tasks").await.is_empty());
    assert_eq!(stored(harness, &task).await, "created 1, deleted 2");
}

pub(crate) async fn law_4_a_row_and_its_events_are_stored_together_or_not_at_all<H: Harness>(harness: &H) {
    assert!(harness.impose(Rule::ShortTitle).await);
    let (_, tasks) = open(harness).await;
    let mut task = saved(harness, &tasks, "a").await;
    // The row is refused: no event.
    task.title = "a title that is too long to be stored".into();
    task.touch("renamed");
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::Constraint { .. })));
    assert_eq!(stored(harness, &task).await, "created 1");
    // An event is refused: no row.
    task.title = "b".into();
    let sql = format!(
        "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, occurred_at_ms, \
         recorded_at_ms) VALUES ('{}', 'Task', '{}', 'Task.updated', '{{}}', 2, 'updated', 0, 0)",
        Uuid::now_v7(),
        task.id
    );
    harness.sql(&sql).await;
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::Conflict)));
    assert_eq!(row(harness, &task).await.unwrap().version, 1);
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().title, "a");
    assert_eq!(pending(&task), 1);
}

pub(crate) async fn law_5_events_leave_the_entity_only_when_their_commit_is_known<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    assert_eq!(pending(&task), 1);
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    assert_eq!(pending(&task), 1, "the unit has not committed");
    unit.rollback();
    assert_eq!(pending(&task), 1, "the unit has rolled back");
    harness.faults().lose_next_answer();
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::OutcomeUnknown)));
    assert_eq!(pending(&task), 1, "nobody knows");
    tasks.save(&mut task).await.unwrap();
    assert_eq!(pending(&task), 0, "stored");
    assert_eq!(stored(harness, &task).await, "created 1");
}

pub(crate) async fn law_6_saving_again_decides_an_unknown_outcome<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    for answer_lost in [true, false] {
        let mut task = Task::new(harness.clock(), "a");
        lose(harness, answer_lost);
        assert!(matches!(tasks.save(&mut task).await, Err(SaveError::OutcomeUnknown)));
        assert_eq!(row(harness, &task).await.is_some(), answer_lost);
        let mut asking = task.clone();
        assert_eq!(tasks.resolve(&mut asking).await.unwrap(), answer_lost);
        assert_eq!(row(harness, &task).await.is_some(), answer_lost, "`resolve` writes nothing");
        assert_eq!(pending(&asking), usize::from(!answer_lost));
        tasks.save(&mut task).await.unwrap();
        assert_eq!(stored(harness, &task).await, "created 1");
        assert_eq!(pending(&task), 0);
    }
}

pub(crate) fn lose<H: Harness>(harness: &H, answer: bool) {
    if answer { harness.faults().lose_next_answer() } else { harness.faults().lose_next_commit() }
}

pub(crate) async fn law_7_a_stale_save_is_a_conflict_and_writes_nothing<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut mine = saved(harness, &tasks, "a").await;
    let mut theirs = tasks.find(&mine.id).await.unwrap().unwrap();
    theirs.increment();
    tasks.save(&mut theirs).await.unwrap();
    mine.title = "b".into();
    mine.touch("renamed");
    let mut unit = store.begin().await.unwrap();
    assert!(unit.save(&mut mine).await.unwrap_err().is_conflict());
    assert!(unit.delete(&mut mine, "old").await.unwrap_err().is_conflict());
    unit.commit().await.unwrap();
    assert!(tasks.save(&mut mine).await.unwrap_err().is_conflict());
    assert!(tasks.delete(&mut mine, "old").await.unwrap_err().is_conflict());
    let refused = tasks.save_all(std::slice::from_mut(&mut mine)).await.unwrap_err();
    assert!(refused.error.is_conflict());
    assert_eq!(pending(&mine), 1);
    assert_eq!(tasks.find(&mine.id).await.unwrap().unwrap().title, "a");
    assert_eq!(stored(harness, &mine).await, "created 1, updated 2");
}

pub(crate) async fn law_7_saving_a_row_that_is_gone_is_a_conflict<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut mine = saved(harness, &tasks, "a").await;
    let mut theirs = mine.clone();
    tasks.delete(&mut theirs, "old").await.unwrap();
    mine.increment();
    assert!(tasks.save(&mut mine).await.unwrap_err().is_conflict());
    assert!(tasks.delete(&mut mine, "old").await.unwrap_err().is_conflict());
    theirs.touch("revived");
    assert!(tasks.save(&mut theirs).await.unwrap_err().is_conflict());
    assert!(row(harness, &mine).await.is_none());
    assert_eq!(stored(harness, &mine).await, "created 1, deleted 2");
}

pub(crate) async fn law_8_a_change_without_touch_is_not_lost_silently<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let created = saved(harness, &tasks, "a").await;
    let loaded = tasks.find(&created.id).await.unwrap().unwrap();
    for mut task in [created, loaded] {
        task.title = "b".into();
        assert!(matches!(tasks.save(&mut task).await, Err(SaveError::ChangedWithoutTouch)));
        let mut unit = store.begin().await.unwrap();
        assert!(matches!(unit.save(&mut task).await, Err(SaveError::ChangedWithoutTouch)));
        unit.commit().await.unwrap();
        let refused = tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err();
        assert!(matches!(refused.error, SaveError::ChangedWithoutTouch));
        task.title = "a".into();
        tasks.save(&mut task).await.unwrap();
        assert_eq!(stored(harness, &task).await, "created 1", "equal columns write nothing");
    }
}

pub(crate) async fn law_9_swapped_timestamps_do_not_reach_the_database<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut first = saved(harness, &tasks, "a").await;
    harness.clock().advance(Duration::from_secs(1));
    let mut second = saved(harness, &tasks, "b").await;
    first.swap_timestamps(&mut second);
    first.increment();
    for task in [&mut first, &mut second] {
        assert!(matches!(tasks.save(task).await, Err(SaveError::TimestampsTampered)));
        assert!(matches!(tasks.delete(task, "x").await, Err(SaveError::TimestampsTampered)));
        let refused = tasks.save_all(std::slice::from_mut(task)).await.unwrap_err();
        assert!(matches!(refused.error, SaveError::TimestampsTampered));
        let mut unit = store.begin().await.unwrap();
        assert!(matches!(unit.save(task).await, Err(SaveError::TimestampsTampered)));
    }
    assert_books_balance(harness, &[("tasks", "Task")]).await;
    assert_eq!(harness.events().await.len(), 2);
}

pub(crate) async fn law_10_an_invalid_entity_is_not_saved<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    task.title.clear();
    task.count = -1;
    let message = "the entity is not valid: title: must not be empty; count: must not be negative";
    assert_eq!(tasks.save(&mut task).await.unwrap_err().to_string(), message);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.save(&mut task).await.unwrap_err().to_string(), message);
    unit.commit().await.unwrap();
    let refused = tasks.save_all(std::slice::from_mut(&mut task)).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("entity 0 of the batch: {message}"));
    assert!(harness.rows("tasks").await.is_empty() && harness.events().await.is_empty());
    task.title = "a".into();
    task.count = 0;
    tasks.save(&mut task).await.unwrap();
}

pub(crate) async fn law_12_loaded_entities_and_bulk_touches_read_the_clock_of_the_store<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let task = saved(harness, &tasks, "a").await;
    let later: EpochMs = "2040-02-29T00:00:00Z".parse().unwrap();
    harness.clock().set(later);
    let mut loaded = tasks.find(&task.id).await.unwrap().unwrap();
    loaded.increment();
    assert_eq!(loaded.updated_at(), later);
    tasks.save(&mut loaded).await.unwrap();
    harness.clock().advance(Duration::from_secs(1));
    tasks.touch_all("1 = 1", (), "looked at").await.unwrap();
    let events = store.outbox().of(&loaded).await.unwrap();
    assert_eq!(events[1].at, later);
    assert_eq!(events[2].at, harness.clock().now());
    assert_eq!(events[2].recorded_at, harness.clock().now());
    assert_eq!(row(harness, &task).await.unwrap().updated_at, harness.clock().now().as_millis());
}
