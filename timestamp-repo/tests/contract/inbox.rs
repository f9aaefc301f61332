//! The inbox: what arrives twice is done once.

use std::time::Duration;

use timestamp_core::Timestamped as _;
use timestamp_repo::{CommitError, Inbox, RelayError, SaveError, Store as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::entities::{Task, open, saved};
use super::harness::Harness;

pub(crate) async fn an_event_that_arrives_again_does_nothing<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let (inbox, event, task) = (Inbox::new("counter"), Uuid::now_v7(), saved(harness, &tasks, "a").await);
    for first in [true, false, false] {
        let mut unit = store.begin().await.unwrap();
        let done = inbox
            .once(&mut unit, event, async |unit| {
                let mut task = unit.find::<Task>(&task.id).await.unwrap().unwrap();
                task.increment();
                unit.save(&mut task).await?;
                Ok::<_, SaveError>(task.count)
            })
            .await;
        assert_eq!(done.unwrap(), first.then_some(1));
        unit.commit().await.unwrap();
    }
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, 1);
    // Another consumer has done nothing yet, and another event is another.
    let mut unit = store.begin().await.unwrap();
    assert!(Inbox::new("other").accept(&mut unit, event).await.unwrap());
    assert!(inbox.accept(&mut unit, Uuid::now_v7()).await.unwrap());
    assert!(!inbox.accept(&mut unit, event).await.unwrap());
    unit.commit().await.unwrap();
}

pub(crate) async fn work_that_failed_is_done_when_the_event_comes_again<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let (inbox, event, task) = (Inbox::new("counter"), Uuid::now_v7(), saved(harness, &tasks, "a").await);
    let work = async |unit: &mut timestamp_repo::UnitOfWork<H::Store>| {
        let mut task = unit.find::<Task>(&task.id).await.unwrap().unwrap();
        task.increment();
        unit.save(&mut task).await
    };
    let mut unit = store.begin().await.unwrap();
    let failed = inbox
        .once(&mut unit, event, async |unit| {
            work(unit).await?;
            Err::<(), _>(SaveError::Conflict)
        })
        .await;
    assert!(failed.unwrap_err().is_conflict());
    // Whoever overlooks the error does not note work that was not done.
    assert!(matches!(unit.commit().await, Err(CommitError::RolledBack)));
    // Stored, but nobody knows: it comes again, and is not done again.
    let mut unit = store.begin().await.unwrap();
    assert!(inbox.once(&mut unit, event, work).await.unwrap().is_some());
    harness.faults().lose_next_answer();
    unit.commit().await.unwrap_err();
    let mut unit = store.begin().await.unwrap();
    assert!(inbox.once(&mut unit, event, work).await.unwrap().is_none());
    unit.commit().await.unwrap();
    let task = tasks.find(&task.id).await.unwrap().unwrap();
    assert_eq!((task.count, task.version()), (1, 2));
}

pub(crate) async fn of_two_who_work_at_one_event_at_once_one_does_it<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let (event, task) = (Uuid::now_v7(), saved(harness, &tasks, "a").await);
    let mut consumers = JoinSet::new();
    for _ in 0..6 {
        // Tasks that a runtime moves between threads: what `once` returns can be sent.
        let (store, id) = (store.clone(), task.id);
        consumers.spawn(async move {
            let mut unit = store.begin().await.unwrap();
            let done = Inbox::new("counter")
                .once(&mut unit, event, async |unit| {
                    let mut task = unit.find::<Task>(&id).await.unwrap().unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    task.increment();
                    unit.save(&mut task).await
                })
                .await
                .unwrap();
            unit.commit().await.unwrap();
            done.is_some()
        });
    }
    let done = consumers.join_all().await;
    assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(tasks.find(&task.id).await.unwrap().unwrap().count, 1);
}

pub(crate) async fn an_inbox_forgets_what_is_old<H: Harness>(harness: &H) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (store, _) = open(harness).await;
    let (inbox, old, young) = (Inbox::new("counter"), Uuid::now_v7(), Uuid::now_v7());
    let mut unit = store.begin().await.unwrap();
    assert!(inbox.accept(&mut unit, old).await.unwrap());
    // More than are deleted at a time.
    for _ in 0..1_100 {
        assert!(inbox.accept(&mut unit, Uuid::now_v7()).await.unwrap());
    }
    assert!(Inbox::new("other").accept(&mut unit, old).await.unwrap());
    unit.commit().await.unwrap();
    harness.clock().advance(2 * DAY);
    let mut unit = store.begin().await.unwrap();
    assert!(inbox.accept(&mut unit, young).await.unwrap());
    unit.commit().await.unwrap();
    assert!(matches!(inbox.prune(&store, DAY / 2).await, Err(RelayError::RetentionTooShort { .. })));
    assert_eq!(inbox.prune(&store, DAY).await.unwrap(), 1_101);
    let mut unit = store.begin().await.unwrap();
    assert!(!inbox.accept(&mut unit, young).await.unwrap());
    assert!(!Inbox::new("other").accept(&mut unit, old).await.unwrap(), "another consumer's");
    assert!(inbox.accept(&mut unit, old).await.unwrap());
    unit.rollback();
}
