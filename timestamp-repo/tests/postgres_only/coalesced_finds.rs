//! Finds that travel together: one statement, and an answer for each.

use std::sync::atomic::Ordering;

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{FindError, Postgres};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::database::{Place, Task};
use crate::proxy::Proxy;

/// An entity whose id is text, and a column of its that has the name of a part of the statement.
#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "stored")]
struct Named {
    #[timestamped(id)]
    id: String,
    number: i64,
    wanted: bool,
    timestamps: Timestamps,
}

async fn finds_at_once_have_each_its_own_answer() {
    let place = Place::new().await;
    let proxy = Proxy::to(&place.url).await;
    let store = Postgres::options().pool_size(4).connect(proxy.url(&place.url)).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut all: Vec<_> = (0..40).map(|nth| Task::new(&format!("{nth}"))).collect();
    tasks.save_all(&mut all).await.unwrap();
    place.sql(&format!("UPDATE tasks SET version = -1 WHERE id = '{}'", all[7].id)).await;
    let before = proxy.turns.load(Ordering::Relaxed);
    let mut finds = JoinSet::new();
    for nth in 0..120 {
        let (tasks, id) = (tasks.clone(), all.get(nth % 41).map_or_else(Uuid::now_v7, |task| task.id));
        finds.spawn(async move { (nth % 41, tasks.find(&id).await) });
    }
    for (nth, found) in finds.join_all().await {
        match (nth, found) {
            (7, Err(FindError::Unreadable { column, .. })) => assert_eq!(column, "version"),
            (40, Ok(None)) => {}
            (_, Ok(Some(task))) if nth != 7 => assert_eq!(task.title, nth.to_string()),
            (nth, found) => panic!("{nth}: {found:?}"),
        }
    }
    let turns = proxy.turns.load(Ordering::Relaxed) - before;
    assert!(turns <= 60, "{turns} round trips for 120 finds");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn finds_at_once_have_each_its_own_answer_on_one_thread() {
    finds_at_once_have_each_its_own_answer().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn finds_at_once_have_each_its_own_answer_on_many_threads() {
    finds_at_once_have_each_its_own_answer().await;
}

/// A find joins nobody whose statement has been sent already.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_find_after_a_commit_sees_it() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut shared = Task::new("shared");
    tasks.save(&mut shared).await.unwrap();
    let id = shared.id;
    let mut noise = JoinSet::new();
    for _ in 0..24 {
        let tasks = tasks.clone();
        noise.spawn(async move {
            loop {
                tasks.find(&id).await.unwrap().unwrap();
            }
        });
    }
    for version in 2..200 {
        shared.touch("once more");
        tasks.save(&mut shared).await.unwrap();
        assert_eq!(tasks.find(&id).await.unwrap().unwrap().version(), version);
    }
    noise.shutdown().await;
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn ids_are_compared_as_the_server_does() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TYPE kind AS ENUM ('one', 'two'); CREATE TABLE stored (id kind PRIMARY KEY, number bigint NOT NULL, \
             wanted boolean NOT NULL, created_at_ms bigint NOT NULL, updated_at_ms bigint NOT NULL, version bigint NOT NULL)",
        )
        .await;
    let store = place.store().await;
    let named = store.repository::<Named>().await.unwrap();
    let saved = ["one", "two"].map(|id| {
        let named = named.clone();
        tokio::spawn(async move {
            let create = |timestamps| Named { id: id.to_owned(), number: 7, wanted: true, timestamps };
            named.save(&mut Named::create(create).unwrap()).await
        })
    });
    for saved in saved {
        saved.await.unwrap().unwrap();
    }
    let mut finds = JoinSet::new();
    for nth in 0..30 {
        let named = named.clone();
        let id = if nth % 2 == 0 { "one" } else { "two" };
        finds.spawn(async move { (id, named.find(&id.to_owned()).await) });
    }
    for (id, found) in finds.join_all().await {
        let found = found.unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.number, found.wanted), (id, 7, true));
    }
    // No value of the type, beside one that is, and one that PostgreSQL can not hold.
    let mut finds = JoinSet::new();
    for nth in 0..30 {
        let named = named.clone();
        let id = ["one", "three", "nul\0"][nth % 3];
        finds.spawn(async move { (id, named.find(&id.to_owned()).await) });
    }
    for (id, found) in finds.join_all().await {
        match id {
            "one" => assert!(found.unwrap().is_some()),
            "three" => assert!(matches!(found, Err(FindError::Backend(_))), "{found:?}"),
            _ => assert!(found.unwrap().is_none()),
        }
    }
    place.sql("DROP TABLE stored").await;
    let mut finds = JoinSet::new();
    for _ in 0..30 {
        let named = named.clone();
        finds.spawn(async move { named.find(&"one".to_owned()).await });
    }
    assert!(finds.join_all().await.iter().all(|found| matches!(found, Err(FindError::Backend(_)))));
    place.remove().await;
}
