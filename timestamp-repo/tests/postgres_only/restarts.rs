//! A server that goes away and comes back, while a program goes on.

use std::time::{Duration, Instant};

use timestamp_core::Timestamped;
use timestamp_repo::{CommitError, Postgres, Repository, SaveError};
use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::database::{Place, Task, with};

/// What a caller has seen.
struct Seen {
    task: Task,
    slowest: Duration,
    failures: u32,
}

/// Touches and saves one entity over and over. What fails is saved again, without asking what became of it.
async fn keep_saving(tasks: Repository<Task, Postgres>, mut stop: watch::Receiver<bool>) -> Seen {
    let mut seen = Seen { task: Task::new("a"), slowest: Duration::ZERO, failures: 0 };
    while !*stop.borrow_and_update() {
        loop {
            let begun = Instant::now();
            let answer = tasks.save(&mut seen.task).await;
            seen.slowest = seen.slowest.max(begun.elapsed());
            match answer {
                Ok(()) => break,
                Err(SaveError::OutcomeUnknown | SaveError::Backend(_) | SaveError::Busy(_)) => seen.failures += 1,
                Err(error) => panic!("{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        seen.task.touch("again");
    }
    tasks.save(&mut seen.task).await.unwrap();
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn callers_are_answered_while_the_server_is_away_and_saves_go_on_when_it_is_back() {
    let cluster = Cluster::start();
    let place = Place::on(&cluster.url).await;
    let options = Postgres::options().pool_size(4).lock_timeout(Duration::from_millis(500));
    let options = options.statement_timeout(Duration::from_millis(500));
    let store = options.connect(with(&place.url, "connect_timeout=1")).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let mut lost = Task::new("in a unit");
    unit.save(&mut lost).await.unwrap();

    let (stop, stopped) = watch::channel(false);
    let callers: Vec<_> = (0..8).map(|_| tokio::spawn(keep_saving(tasks.clone(), stopped.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.crash();
        cluster
    });
    let cluster = cluster.await.unwrap();
    let begun = Instant::now();
    assert!(tasks.find(&lost.id).await.is_err());
    assert!(matches!(unit.commit().await, Err(CommitError::OutcomeUnknown | CommitError::Backend(_))));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.start_again();
        cluster
    });
    let cluster = cluster.await.unwrap();
    // Nobody does anything about it.
    let back = Instant::now();
    while tasks.find(&lost.id).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "the pool does not recover");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.send(true).unwrap();

    let (mut versions, mut failures) = (0, 0);
    for caller in callers {
        let seen = caller.await.unwrap();
        // The statement timeout is a second more than the lock timeout, and an answer is lost 5 seconds after it.
        assert!(seen.slowest < Duration::from_millis(7_500), "{:?}", seen.slowest);
        failures += seen.failures;
        versions += seen.task.version();
        let stored = store.outbox().of(&seen.task).await.unwrap();
        let stored: Vec<_> = stored.iter().map(|event| event.version).collect();
        assert_eq!(stored, (1..=seen.task.version()).collect::<Vec<_>>(), "each event once");
    }
    assert!(failures > 0, "nobody noticed that the server was away");
    assert_eq!(place.list("SELECT sum(version) FROM tasks").await, versions.to_string());
    // The unit is not stored, and can be.
    assert!(!tasks.resolve(&mut lost).await.unwrap());
    tasks.save(&mut lost).await.unwrap();
    drop(cluster);
}
