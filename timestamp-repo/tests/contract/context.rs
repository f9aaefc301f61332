//! Where events come from, stored beside them.

use std::sync::{Arc, Mutex};

use timestamp_repo::{EventContext, Relay, SinkError, Store as _, StoredEvent};

use super::entities::{Task, open};
use super::harness::Harness;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn request() -> EventContext {
    let context = EventContext::new().tenant_id("acme").correlation_id("request-1").causation_id("command-1");
    context.traceparent(TRACEPARENT).unwrap()
}

fn says(event: &StoredEvent) -> [Option<&str>; 4] {
    [&event.tenant_id, &event.correlation_id, &event.causation_id, &event.traceparent].map(|it| it.as_deref())
}

const OF_REQUEST: [Option<&str>; 4] = [Some("acme"), Some("request-1"), Some("command-1"), Some(TRACEPARENT)];

pub(crate) async fn whatever_is_saved_in_a_scope_carries_its_context<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let new = || Task::new(harness.clock(), "a");
    let (mut lone, mut in_unit, mut plain) = (new(), new(), new());
    let mut batch: Vec<_> = (0..20).map(|_| new()).collect();
    tasks.save(&mut plain).await.unwrap();
    request()
        .scope(async {
            tasks.save(&mut lone).await.unwrap();
            lone.increment();
            lone.increment();
            tasks.save(&mut lone).await.unwrap();
            let mut unit = store.begin().await.unwrap();
            unit.save(&mut in_unit).await.unwrap();
            unit.touch_all::<Task>("id = ?", (in_unit.id,), "in bulk").await.unwrap();
            unit.commit().await.unwrap();
            tasks.save_all(&mut batch).await.unwrap();
            batch.iter_mut().for_each(Task::increment);
            tasks.save_all(&mut batch).await.unwrap();
            tasks.touch_all("id = ?", (lone.id,), "in bulk").await.unwrap();
            let mut lone = tasks.find(&lone.id).await.unwrap().unwrap();
            tasks.delete(&mut lone, "done").await.unwrap();
            // Of a part only that is stored.
            EventContext::new().correlation_id("inner").scope(tasks.save(&mut new())).await.unwrap();
        })
        .await;
    plain.increment();
    tasks.save(&mut plain).await.unwrap();
    let events = store.outbox().after(0, 1_000).await.unwrap();
    assert_eq!(events.len(), 1 + 5 + 2 + 40 + 1 + 1);
    for event in &events {
        let expected = if event.entity_id == plain.id.to_string() { [None; 4] } else { OF_REQUEST };
        if event.correlation_id.as_deref() == Some("inner") {
            assert_eq!(says(event), [None, Some("inner"), None, None]);
        } else {
            assert_eq!(says(event), expected, "{event}");
        }
    }
}

pub(crate) async fn saves_at_once_each_carry_their_own_context<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut saves = tokio::task::JoinSet::new();
    for nth in 0..40 {
        let (tasks, mut task) = (tasks.clone(), Task::new(harness.clock(), "a"));
        saves.spawn(async move {
            let id = task.id.to_string();
            for round in 0..3 {
                let save = tasks.save(&mut task);
                match nth % 2 {
                    0 => EventContext::new().correlation_id(format!("{id} {round}")).scope(save).await.unwrap(),
                    _ => save.await.unwrap(),
                }
                task.increment();
            }
            (nth, task.id)
        });
    }
    for (nth, id) in saves.join_all().await {
        let events = store.outbox().of_id::<Task>(&id).await.unwrap();
        for (round, event) in events.iter().enumerate() {
            let expected = (nth % 2 == 0).then(|| format!("{id} {round}"));
            assert_eq!(event.correlation_id, expected);
        }
    }
}

pub(crate) async fn what_follows_from_an_event_says_so<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let mut first = Task::new(harness.clock(), "a");
    request().scope(tasks.save(&mut first)).await.unwrap();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let taken = Arc::clone(&taken);
        move |event: Arc<StoredEvent>| {
            taken.lock().unwrap().push(event);
            async { Ok::<_, SinkError>(()) }
        }
    };
    Relay::new(store.clone(), sink).deliver_all().await.unwrap();
    let cause = Arc::clone(&taken.lock().unwrap()[0]);
    assert_eq!(says(&cause), OF_REQUEST);
    let mut second = Task::new(harness.clock(), "b");
    EventContext::caused_by(&cause).scope(tasks.save(&mut second)).await.unwrap();
    let follows = &store.outbox().of(&second).await.unwrap()[0];
    let cause = cause.id.to_string();
    assert_eq!(says(follows), [Some("acme"), Some("request-1"), Some(&*cause), Some(TRACEPARENT)]);
}
