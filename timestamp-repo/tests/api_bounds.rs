//! What every public type and future promises to threads; checked by the compiler.
//!
//! A future that stops being `Send` breaks every caller that spawns it, so each line here is part of the API. The entity
//! is `Send` and no more: a repository of it is `Sync` all the same.
#![cfg(feature = "sqlite")]

use std::cell::Cell;

use timestamp_core::{EpochMs, Timestamped, Timestamps, ValidationError};
use timestamp_repo::{
    BackendError, BackupError, BeginError, Busy, CloudEventError, CloudEventSource, CommitError, Durability, FindError,
    OpenError, Outbox, Page, PageToken, PageTokenError, Repository, RepositoryError, SaveAllError, SaveError, Sqlite,
    SqliteOptions, Store, StoredEvent, UnitOfWork, UpdateError,
};

#[derive(Debug, Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: i64,
    #[timestamped(skip)]
    _not_sync: Cell<u8>,
    timestamps: Timestamps,
}

macro_rules! send_sync_unpin {
    ($($type:ty),* $(,)?) => {
        const _: () = {
            const fn holds<T: Send + Sync + Unpin + 'static>() {}
            $(holds::<$type>();)*
        };
    };
}

send_sync_unpin! {
    CloudEventSource,
    Durability,
    Outbox<Sqlite>,
    PageToken,
    Repository<Task, Sqlite>,
    Sqlite,
    SqliteOptions,
    StoredEvent,
}

#[cfg(feature = "nats")]
send_sync_unpin! {
    timestamp_repo::Nats,
    timestamp_repo::NatsOptions,
    timestamp_repo::NatsStream,
}

macro_rules! errors {
    ($($type:ty),* $(,)?) => {
        const _: () = {
            const fn holds<T: std::error::Error + Send + Sync + Unpin + 'static>() {}
            $(holds::<$type>();)*
        };
    };
}

errors! {
    BackendError, BackupError, BeginError, Busy, CloudEventError, CommitError, FindError, OpenError, PageTokenError,
    RepositoryError, SaveAllError, SaveError, UpdateError,
}

#[cfg(feature = "nats")]
errors! { timestamp_repo::NatsError }

const _: () = {
    const fn clone<T: Clone>() {}
    clone::<Sqlite>();
    clone::<SqliteOptions>();
    clone::<Repository<Task, Sqlite>>();
    clone::<Outbox<Sqlite>>();
    clone::<Busy>();
    const fn send_unpin<T: Send + Unpin + 'static>() {}
    // A unit is used by one task, which may move between threads.
    send_unpin::<UnitOfWork<Sqlite>>();
    send_unpin::<Page<Task>>();
};

fn send<T: Send>(future: T) -> T {
    future
}

/// Every future of a store, by a caller that does not know which store it is.
async fn every_future_is_send<S: Store>(store: &S, task: &mut Task) -> Result<(), Box<dyn std::error::Error>> {
    let tasks: Repository<Task, S> = send(store.repository::<Task>()).await?;
    let id = 1;
    let at = EpochMs::from_millis(0)?;
    send(tasks.save(task)).await?;
    send(tasks.save_all(std::slice::from_mut(task))).await?;
    send(tasks.find(&id)).await?;
    send(tasks.find_all([&id])).await?;
    let page = send(tasks.recent(None, 1)).await?;
    send(tasks.recent(page.next.as_ref(), 1)).await?;
    send(tasks.changed_since(at)).await?;
    send(tasks.filter("id = ?", (id,))).await?;
    send(tasks.touch_all("id = ?", (id,), "touched")).await?;
    let mut task = send(tasks.update(&id, |task| task.touch("updated"))).await?;
    send(tasks.resolve(&mut task)).await?;
    let outbox = store.outbox();
    send(outbox.after(0, 1)).await?;
    send(outbox.of(&task)).await?;
    send(outbox.of_id::<Task>(&id)).await?;

    let mut unit = send(store.begin()).await?;
    send(unit.save(&mut task)).await?;
    send(unit.save_all(std::slice::from_mut(&mut task))).await?;
    send(unit.find::<Task>(&id)).await?;
    send(unit.find_all::<Task>([&id])).await?;
    send(unit.recent::<Task>(None, 1)).await?;
    send(unit.changed_since::<Task>(at)).await?;
    send(unit.filter::<Task>("id = ?", (id,))).await?;
    send(unit.touch_all::<Task>("id = ?", (id,), "touched")).await?;
    let mut task = send(unit.find::<Task>(&id)).await?.ok_or("the task is there")?;
    send(unit.delete(&mut task, "deleted")).await?;
    send(unit.commit()).await?;
    send(store.begin()).await?.rollback();
    assert!(send(tasks.delete(&mut task, "deleted again")).await.is_err());
    Ok(())
}

/// The same for what only SQLite has.
async fn every_future_of_sqlite_is_send() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    drop(send(Sqlite::open(folder.path().join("a.db"))).await?);
    drop(send(Sqlite::options().open(folder.path().join("b.db"))).await?);
    drop(send(Sqlite::options().in_memory()).await?);
    let store = send(Sqlite::in_memory()).await?;
    send(store.repository::<Task>()).await?;
    send(store.backup(folder.path().join("c.db"))).await?;
    let mut unit = send(store.begin()).await?;
    // The connection is borrowed from the unit, and can not be kept across an await in a spawned task: it is not `Sync`.
    let connection = unit.connection().await?;
    connection.execute_batch("SELECT 1")?;
    let mut task = task()?;
    assert!(send(every_future_is_send(&store, &mut task)).await.is_err(), "the unit holds the writer");
    drop(unit);
    send(every_future_is_send(&store, &mut task)).await
}

fn task() -> Result<Task, ValidationError> {
    Task::create(|timestamps| Task { id: 1, _not_sync: Cell::new(0), timestamps })
}

#[tokio::test]
async fn futures_of_every_method_are_send() {
    every_future_of_sqlite_is_send().await.unwrap();
}

/// A spawned task works with a store that it only knows by its trait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generic_code_can_be_spawned() {
    async fn save<S: Store>(store: S) -> u64 {
        let tasks = store.repository::<Task>().await.unwrap();
        let mut task = task().unwrap();
        tasks.save(&mut task).await.unwrap();
        let mut unit = store.begin().await.unwrap();
        task.touch("in a unit");
        unit.save(&mut task).await.unwrap();
        unit.commit().await.unwrap();
        task.version()
    }
    let store = Sqlite::in_memory().await.unwrap();
    assert_eq!(tokio::spawn(save(store)).await.unwrap(), 2);
}

/// A unit may begin on one thread and end on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unit_moves_between_tasks() {
    let store = Sqlite::in_memory().await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = task().unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut task).await.unwrap();
    let task = tokio::spawn(async move {
        task.touch("elsewhere");
        unit.save(&mut task).await.unwrap();
        unit.commit().await.unwrap();
        task
    });
    assert_eq!(task.await.unwrap().pending_events().len(), 0);
    assert_eq!(tasks.find(&1).await.unwrap().unwrap().version(), 2);
}

/// Made, and not begun: nothing is connected.
#[cfg(feature = "nats")]
#[test]
fn every_future_of_nats_is_send() {
    drop(send(timestamp_repo::Nats::connect("localhost")));
    drop(send(timestamp_repo::Nats::options().connect("localhost")));
}
