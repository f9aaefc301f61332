//! Finding entities: by ids, by filter, by time, page by page.

use std::collections::BTreeSet;
use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::{FindError, PageToken, Store};
use uuid::Uuid;

use super::entities::{Note, Task, open, saved};
use super::harness::Harness;

pub(crate) async fn find_all_takes_more_ids_than_one_statement<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut batch: Vec<_> = (0..1_203).map(|_| Task::new(harness.clock(), "a")).collect();
    tasks.save_all(&mut batch).await.unwrap();
    let mut ids: Vec<Uuid> = batch.iter().map(|task| task.id).collect();
    ids.extend((0..50).map(|_| Uuid::now_v7()));
    let found = tasks.find_all(&ids).await.unwrap();
    let distinct: BTreeSet<Uuid> = found.iter().map(|task| task.id).collect();
    assert_eq!((found.len(), distinct.len()), (1_203, 1_203));
    assert!(tasks.find_all([]).await.unwrap().is_empty());
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.find_all::<Task>(&ids[..700]).await.unwrap().len(), 700);
}

pub(crate) async fn filter_takes_bound_values_and_ends_as_the_user_likes<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    for title in ["a", "b", "c'; DROP TABLE tasks; --"] {
        saved(harness, &tasks, title).await;
    }
    let found = tasks.filter("title = ? AND done = ?", ("c'; DROP TABLE tasks; --", false)).await.unwrap();
    assert_eq!(found.len(), 1);
    let id = found[0].id;
    assert_eq!(tasks.filter("id = ?", (id,)).await.unwrap()[0].id, id);
    let found = tasks.filter("1 = 1 ORDER BY title DESC LIMIT ?", [2]).await.unwrap();
    assert_eq!(found.iter().map(|task| &task.title[..1]).collect::<String>(), "cb");
    // A column may keep more than milliseconds, and filters see it as it is.
    let at = found[0].created_at();
    let after = at.saturating_add(Duration::from_millis(1));
    assert_eq!(tasks.filter("updated_at_ms >= ? AND updated_at_ms < ?", (at, after)).await.unwrap().len(), 3);
    notes.save(&mut Note::new(harness.clock(), 1)).await.unwrap();
    assert_eq!(notes.filter("text IS NULL", ()).await.unwrap().len(), 1);
}

pub(crate) async fn filter_with_the_wrong_number_of_values_is_refused<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    saved(harness, &tasks, "a").await;
    let error = tasks.filter("title = ?", ()).await.unwrap_err();
    assert!(error.to_string().contains("1 placeholder") && error.to_string().contains("0 values"), "{error}");
    let error = tasks.filter("title = ?", ("a", "b")).await.unwrap_err();
    assert!(matches!(error, FindError::Backend(_)), "{error:?}");
    let mut unit = store.begin().await.unwrap();
    assert!(unit.filter::<Task>("title = ?", ()).await.is_err());
    assert!(tasks.filter("nothing = 1", ()).await.is_err());
}

pub(crate) async fn recent_pages_through_everything_newest_first<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    for n in 0..23 {
        saved(harness, &tasks, "a").await;
        if n % 4 == 0 {
            harness.clock().advance(Duration::from_millis(1));
        }
    }
    let mut seen = Vec::new();
    let mut after: Option<PageToken> = None;
    loop {
        let page = tasks.recent(after.as_ref(), 5).await.unwrap();
        seen.extend(page.items.iter().map(|task| (task.updated_at(), task.id)));
        let Some(next) = page.next else { break };
        // The token travels as text.
        after = Some(next.to_string().parse().unwrap());
    }
    let mut expected = seen.clone();
    expected.sort_unstable_by(|left, right| right.cmp(left));
    expected.dedup();
    assert_eq!(seen, expected);
    assert_eq!(seen.len(), 23);
    assert!(tasks.recent(None, 0).await.unwrap().items.is_empty());
}

pub(crate) async fn recent_pages_by_a_numeric_id<H: Harness>(harness: &H) {
    let (store, _) = open(harness).await;
    let notes = store.repository::<Note>().await.unwrap();
    let mut batch: Vec<_> = (-12..12).map(|id| Note::new(harness.clock(), id)).collect();
    notes.save_all(&mut batch).await.unwrap();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = notes.recent(after.as_ref(), 7).await.unwrap();
        seen.extend(page.items.iter().map(|note| note.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (-12..12).rev().collect::<Vec<_>>());
}

pub(crate) async fn pages_are_stable_while_rows_are_touched<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut oldest_first = Vec::new();
    for _ in 0..20 {
        oldest_first.push(saved(harness, &tasks, "a").await);
        harness.clock().advance(Duration::from_secs(1));
    }
    let mut seen = Vec::new();
    let mut after = None;
    let mut round = 0;
    loop {
        let page = tasks.recent(after.as_ref(), 4).await.unwrap();
        seen.extend(page.items.iter().map(|task| task.id));
        after = page.next;
        if after.is_none() {
            break;
        }
        // One that was seen moves to the front, and a new one comes: the rest of the list does not shift.
        tasks.update(&oldest_first[19 - round].id, Task::increment).await.unwrap();
        saved(harness, &tasks, "new").await;
        harness.clock().advance(Duration::from_secs(1));
        round += 1;
    }
    let expected: Vec<_> = oldest_first.iter().rev().map(|task| task.id).collect();
    assert_eq!(seen, expected, "each was seen once, none was skipped");
}

pub(crate) async fn changed_since_lists_changes_in_their_order<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let mut first = saved(harness, &tasks, "a").await;
    harness.clock().advance(Duration::from_millis(1));
    let second = saved(harness, &tasks, "b").await;
    harness.clock().advance(Duration::from_millis(1));
    first.increment();
    tasks.save(&mut first).await.unwrap();
    let changed = tasks.changed_since(second.updated_at()).await.unwrap();
    assert_eq!(changed.iter().map(|task| task.id).collect::<Vec<_>>(), [second.id, first.id]);
    assert_eq!(tasks.changed_since(first.updated_at()).await.unwrap().len(), 1);
}

pub(crate) async fn the_outbox_is_read_in_order_and_in_parts<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    for _ in 0..7 {
        saved(harness, &tasks, "a").await;
    }
    tasks.touch_all("1 = 1", (), "x").await.unwrap();
    let mut read = Vec::new();
    let mut last = 0;
    loop {
        let part = store.outbox().after(last, 4).await.unwrap();
        let Some(end) = part.last() else { break };
        last = end.seq;
        read.extend(part.into_iter().map(|event| event.id.to_string()));
    }
    let expected: Vec<_> = harness.events().await.into_iter().map(|event| event.id).collect();
    assert_eq!(read, expected);
}
