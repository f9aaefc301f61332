//! Sessions that die, hang, or are left alone in the middle of their work.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use timestamp_core::Timestamped;
use timestamp_repo::tokio_postgres::Client;
use timestamp_repo::{CommitError, Postgres, PostgresOptions, Repository, SaveError};
use tokio::task::JoinHandle;

use crate::database::{Place, Task};
use crate::proxy::{Line, Proxy};

/// A save that waits for a row which somebody else has locked.
struct HeldUp {
    /// How the store's connections are named.
    name: String,
    tasks: Repository<Task, Postgres>,
    other: Client,
    saving: JoinHandle<(Result<(), SaveError>, Task)>,
}

impl HeldUp {
    async fn new(place: &Place, url: &str, options: PostgresOptions) -> Self {
        let name = place.schema.clone();
        let store = options.application_name(&name).pool_size(2).connect(url).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut task = Task::new("a");
        tasks.save(&mut task).await.unwrap();
        let other = place.connection().await;
        other.batch_execute("BEGIN; SELECT FROM tasks FOR UPDATE").await.unwrap();
        task.touch("held up");
        let saving = tokio::spawn({
            let tasks = tasks.clone();
            async move {
                let answer = tasks.save(&mut task).await;
                (answer, task)
            }
        });
        let held_up = Self { name, tasks, other, saving };
        for _ in 0..400 {
            if held_up.waits(place).await {
                return held_up;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nobody waits");
    }

    /// The rows of the store's processes that wait for a lock.
    fn waiting(&self) -> String {
        format!(
            "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'WITH %' AND application_name = '{}'",
            self.name
        )
    }

    async fn waits(&self, place: &Place) -> bool {
        !place.list(&format!("SELECT pid {}", self.waiting())).await.is_empty()
    }
}

/// Ends the processes of a store whose connections have the schema's name, and returns how many there were.
async fn end_every_session(place: &Place) -> String {
    let name = &place.schema;
    place
        .list(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{name}'"
        ))
        .await
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_save_whose_server_process_dies_is_unknown_and_saved_again() {
    let place = Place::new().await;
    let held_up = HeldUp::new(&place, &place.url, Postgres::options()).await;
    place.list(&format!("SELECT pg_terminate_backend(pid) {}", held_up.waiting())).await;
    let (answer, mut task) = held_up.saving.await.unwrap();
    assert!(matches!(answer, Err(SaveError::OutcomeUnknown)), "{answer:?}");
    assert_eq!(task.pending_events().len(), 1);
    held_up.other.batch_execute("ROLLBACK").await.unwrap();
    // The pool has forgotten the session by itself.
    held_up.tasks.save(&mut task).await.unwrap();
    assert_eq!(place.list("SELECT version FROM timestamp_outbox ORDER BY seq").await, "1, 2");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn resolve_ends_what_is_still_at_work_before_it_answers() {
    let place = Place::new().await;
    let proxy = Proxy::to(&place.url).await;
    let options = Postgres::options().lock_timeout(Duration::from_secs(20));
    let mut held_up = HeldUp::new(&place, &proxy.url(&place.url), options).await;
    proxy.line.send(Line::Cut).unwrap();
    let (answer, mut task) = (&mut held_up.saving).await.unwrap();
    assert!(matches!(answer, Err(SaveError::OutcomeUnknown)), "{answer:?}");
    assert!(held_up.waits(&place).await, "the server has noticed");
    assert!(!held_up.tasks.resolve(&mut task).await.unwrap());
    assert!(!held_up.waits(&place).await, "it is still at work");
    held_up.other.batch_execute("ROLLBACK").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(place.list("SELECT version FROM tasks").await, "1", "an answer was given, and then it was stored");
    held_up.tasks.save(&mut task).await.unwrap();
    assert_eq!(place.list("SELECT version FROM timestamp_outbox ORDER BY seq").await, "1, 2");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_server_that_falls_silent_is_given_up_in_time() {
    let place = Place::new().await;
    let proxy = Proxy::to(&place.url).await;
    let options =
        Postgres::options().lock_timeout(Duration::from_millis(100)).statement_timeout(Duration::from_millis(100));
    let store = options.connect(proxy.url(&place.url)).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    // From here on the statement is prepared, and the first thing to be sent is the one that decides.
    task.touch("before");
    tasks.save(&mut task).await.unwrap();
    task.touch("lost");
    proxy.line.send(Line::Frozen).unwrap();
    let begun = Instant::now();
    assert!(matches!(tasks.save(&mut task).await, Err(SaveError::OutcomeUnknown)));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    proxy.line.send(Line::Open).unwrap();
    tasks.save(&mut task).await.unwrap();
    assert_eq!(place.list("SELECT version FROM timestamp_outbox ORDER BY seq").await, "1, 2, 3");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn the_pool_recovers_when_every_session_was_ended() {
    let place = Place::new().await;
    let store = place.store_with(Postgres::options().application_name(&place.schema)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut saves = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let tasks = tasks.clone();
        saves.spawn(async move { tasks.save(&mut Task::new("a")).await.unwrap() });
    }
    saves.join_all().await;
    assert_ne!(end_every_session(&place).await, "0");
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..16 {
        tasks.save(&mut Task::new("b")).await.unwrap();
        assert!(!tasks.filter("title = ?", ("b",)).await.unwrap().is_empty());
    }
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_unit_whose_session_dies_stores_nothing() {
    let place = Place::new().await;
    let store = place.store_with(Postgres::options().application_name(&place.schema)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    end_every_session(&place).await;
    // Whether the COMMIT has left is not known.
    let error = unit.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::OutcomeUnknown), "{error:?}");
    assert!(!tasks.resolve(&mut task).await.unwrap());
    tasks.save(&mut task).await.unwrap();
    assert_eq!(place.list("SELECT version FROM timestamp_outbox").await, "1");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_search_that_nobody_waits_for_holds_nobody_up() {
    let place = Place::new().await;
    let store = Postgres::options().pool_size(1).connect(&place.url).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    tasks.save(&mut task).await.unwrap();
    let slow = tasks.filter("pg_sleep(10) IS NOT NULL", ());
    assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    let begun = Instant::now();
    assert!(tasks.find(&task.id).await.unwrap().is_some());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(10)%' AND state = 'active' AND pid <> \
                pg_backend_pid()";
    assert_eq!(place.list(busy).await, "0", "the server was not told to stop");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_unit_is_over_when_one_of_its_saves_was_dropped() {
    let place = Place::new().await;
    let store = place.store().await;
    let tasks = store.repository::<Task>().await.unwrap();
    let (mut first, mut held) = (Task::new("a"), Task::new("b"));
    tasks.save(&mut held).await.unwrap();
    let other = place.connection().await;
    other.batch_execute("BEGIN; SELECT FROM tasks FOR UPDATE").await.unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut first).await.unwrap();
    // A read that was dropped does no harm.
    drop(tokio::time::timeout(Duration::ZERO, unit.find::<Task>(&first.id)).await);
    assert!(unit.find::<Task>(&first.id).await.unwrap().is_some());
    held.touch("held up");
    assert!(tokio::time::timeout(Duration::from_millis(50), unit.save(&mut held)).await.is_err());
    let error = unit.save(&mut first).await;
    assert!(error.is_ok() || matches!(error, Err(SaveError::Backend(_))), "{error:?}");
    assert!(matches!(unit.commit().await, Err(CommitError::RolledBack)));
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!((first.pending_events().len(), held.pending_events().len()), (1, 1));
    tasks.save(&mut first).await.unwrap();
    tasks.save(&mut held).await.unwrap();
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_unit_that_found_no_connection_begins_later() {
    let place = Place::new().await;
    let options = Postgres::options().pool_size(1).lock_timeout(Duration::from_millis(50));
    let store = options.connect(&place.url).await.unwrap();
    store.repository::<Task>().await.unwrap();
    let (mut one, mut two) = (Task::new("a"), Task::new("b"));
    let mut first = store.begin().await.unwrap();
    first.save(&mut one).await.unwrap();
    let mut second = store.begin().await.unwrap();
    let error = second.save(&mut two).await.unwrap_err();
    assert!(matches!(error, SaveError::Busy(_)) && error.is_retryable(), "{error:?}");
    drop(tokio::time::timeout(Duration::from_millis(10), second.save(&mut two)).await);
    first.commit().await.unwrap();
    second.save(&mut two).await.unwrap();
    second.commit().await.unwrap();
    assert_eq!((one.pending_events().len(), two.pending_events().len()), (0, 0));
    assert_eq!(place.list("SELECT count(*) FROM tasks").await, "2");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_unit_whose_begin_was_dropped_begins_again() {
    let place = Place::new().await;
    let store = Postgres::options().pool_size(1).connect(&place.url).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    tasks.save(&mut Task::new("opens the connection")).await.unwrap();
    let mut task = Task::new("a");
    let mut unit = store.begin().await.unwrap();
    {
        let mut saving = Box::pin(unit.save(&mut task));
        // BEGIN has left, and its answer is not there.
        std::future::poll_fn(|context| {
            assert!(saving.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    unit.save(&mut task).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(task.pending_events().len(), 0);
    assert_eq!(place.list("SELECT count(*) FROM tasks").await, "2");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_stored_save_is_one_round_trip() {
    let place = Place::new().await;
    let proxy = Proxy::to(&place.url).await;
    let store = Postgres::options().pool_size(1).connect(proxy.url(&place.url)).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("a");
    let mut turns = Vec::new();
    // The first round prepares the statements.
    for _ in 0..2 {
        turns.clear();
        let mut last = proxy.turns.load(Ordering::Relaxed);
        let mut took = |turns: &mut Vec<usize>| {
            let now = proxy.turns.load(Ordering::Relaxed);
            turns.push(now - std::mem::replace(&mut last, now));
        };
        tasks.save(&mut task).await.unwrap();
        task.touch("once");
        took(&mut turns);
        tasks.save(&mut Task::new("b")).await.unwrap();
        took(&mut turns);
        tasks.save(&mut task).await.unwrap();
        took(&mut turns);
        let mut batch: Vec<_> = (0..100).map(|_| Task::new("c")).collect();
        tasks.save_all(&mut batch).await.unwrap();
        took(&mut turns);
        batch.iter_mut().for_each(|task| task.touch("all"));
        tasks.save_all(&mut batch).await.unwrap();
        took(&mut turns);
        let mut unit = store.begin().await.unwrap();
        task.touch("twice");
        unit.save(&mut task).await.unwrap();
        unit.save(&mut Task::new("d")).await.unwrap();
        unit.commit().await.unwrap();
        took(&mut turns);
        tasks.find(&task.id).await.unwrap().unwrap();
        took(&mut turns);
        task.touch("again");
    }
    // A batch of new ones: BEGIN, two times COPY and its data, COMMIT. Of known ones: BEGIN, 100 in chunks of 30, COMMIT.
    // A unit: BEGIN, each save, COMMIT.
    assert_eq!(turns, [1, 1, 1, 6, 6, 4, 1]);
    place.remove().await;
}
