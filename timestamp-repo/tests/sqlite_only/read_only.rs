use std::fs;

use timestamp_core::Timestamped;
use timestamp_repo::{OpenError, RepositoryError, SaveError, Sqlite};

use crate::database::{Place, TASKS, Task, assert_says};

async fn reading(place: &Place) -> Sqlite {
    Sqlite::options().read_only().open(place.file()).await.unwrap()
}

#[tokio::test]
async fn every_write_is_refused_and_every_read_works() {
    let place = Place::new();
    let mut known = Task::new("known");
    {
        let (_store, tasks) = place.tasks().await;
        tasks.save(&mut known).await.unwrap();
        known.complete();
        tasks.save(&mut known).await.unwrap();
    }
    let before = fs::read(place.file()).unwrap();
    let store = reading(&place).await;
    let tasks = store.repository::<Task>().await.unwrap();

    let mut new = Task::new("new");
    assert!(matches!(tasks.save(&mut new).await, Err(SaveError::ReadOnly)));
    assert_eq!(new.pending_events().len(), 1);
    let mut found = tasks.find(known.id()).await.unwrap().unwrap();
    tasks.save(&mut found).await.unwrap(); // nothing to write
    found.touch("again");
    assert!(matches!(tasks.save(&mut found).await, Err(SaveError::ReadOnly)));
    assert_eq!(found.pending_events().len(), 1);
    assert!(matches!(tasks.delete(&mut found, "gone").await, Err(SaveError::ReadOnly)));
    assert!(matches!(tasks.touch_all("1", (), "all").await, Err(SaveError::ReadOnly)));
    let error = tasks.save_all(&mut Task::many(2)).await.unwrap_err();
    assert!(matches!(error.error, SaveError::ReadOnly));
    let error = tasks.update(known.id(), Task::complete).await.unwrap_err();
    assert_says(&error, &["the store is read-only"]);

    let mut unit = store.begin().await.unwrap();
    assert!(unit.find::<Task>(known.id()).await.unwrap().is_some());
    assert!(matches!(unit.save(&mut new).await, Err(SaveError::ReadOnly)));
    assert!(matches!(unit.delete(&mut found, "gone").await, Err(SaveError::ReadOnly)));
    assert!(matches!(unit.touch_all::<Task>("1", (), "all").await, Err(SaveError::ReadOnly)));
    assert!(matches!(unit.connection().await, Err(SaveError::ReadOnly)));
    assert!(matches!(unit.save_all(&mut Task::many(2)).await.unwrap_err().error, SaveError::ReadOnly));
    unit.commit().await.unwrap();
    assert_eq!((new.pending_events().len(), found.pending_events().len()), (1, 1));

    assert_eq!(tasks.recent(None, 10).await.unwrap().items.len(), 1);
    assert_eq!(tasks.find_all([known.id()]).await.unwrap().len(), 1);
    assert_eq!(tasks.changed_since(known.updated_at()).await.unwrap().len(), 1);
    assert_eq!(tasks.filter("done = ?", (true,)).await.unwrap().len(), 1);
    assert_eq!(store.outbox().of(&known).await.unwrap().len(), 2);
    store.backup(place.folder().join("copy.db")).await.unwrap();
    drop((store, tasks));
    assert_eq!(fs::read(place.file()).unwrap(), before);
}

/// A filter is the user's own SQL, but not a way to write.
#[tokio::test]
async fn filter_can_not_write() {
    let place = Place::new();
    let (_store, tasks) = place.tasks().await;
    tasks.save(&mut Task::new("stays")).await.unwrap();
    for sql in ["1; DELETE FROM tasks", "1) OR (1"] {
        assert!(tasks.filter(sql, ()).await.is_err(), "{sql}");
    }
    assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), 1);
}

#[tokio::test]
async fn missing_table_is_not_created() {
    let place = Place::new();
    drop(place.store().await);
    let store = reading(&place).await;
    let error = store.repository::<Task>().await.unwrap_err();
    assert!(matches!(&error, RepositoryError::Missing { table } if table == "tasks"));
    assert_eq!(place.value::<i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'tasks'"), 0);
}

#[tokio::test]
async fn framework_tables_are_not_created() {
    let place = Place::with(TASKS);
    let before = fs::read(place.file()).unwrap();
    let error = Sqlite::options().read_only().open(place.file()).await.unwrap_err();
    assert!(matches!(error, OpenError::NotMigrated { .. }), "{error}");
    assert_says(&error, &["store.db", "version 3", "open it once for writing"]);
    assert_eq!(fs::read(place.file()).unwrap(), before);
    assert_eq!(place.names(), ["store.db"]);
}

#[tokio::test]
async fn file_is_not_created() {
    let place = Place::new();
    let error = Sqlite::options().read_only().open(place.file()).await.unwrap_err();
    assert_says(&error, &["store.db", "does not exist"]);
    assert!(place.names().is_empty());
}

#[tokio::test]
async fn reader_sees_what_another_store_saves() {
    let place = Place::new();
    let (_store, tasks) = place.tasks().await;
    let reader = reading(&place).await.repository::<Task>().await.unwrap();
    for count in 1..4 {
        tasks.save(&mut Task::new("more")).await.unwrap();
        assert_eq!(reader.filter("1", ()).await.unwrap().len(), count);
    }
}
