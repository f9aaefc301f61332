use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::{OpenError, Sqlite};

use crate::database::{BOTH, Place, Task, assert_says, skip};
use crate::processes::{child, is_child};

#[tokio::test]
async fn missing_folder_is_named() {
    let place = Place::new();
    let path = place.folder().join("nowhere/tasks.db");
    let error = Sqlite::open(&path).await.unwrap_err();
    assert!(matches!(&error, OpenError::Backend { path: named, .. } if *named == path));
    assert_says(&error, &["nowhere/tasks.db", "the folder", "does not exist"]);
}

#[tokio::test]
async fn folder_is_no_database() {
    let place = Place::new();
    let error = Sqlite::open(place.folder()).await.unwrap_err();
    assert_says(&error, &[place.folder().to_str().unwrap(), "is a folder"]);
    assert!(place.names().is_empty());
}

#[tokio::test]
async fn garbage_is_no_database() {
    let place = Place::new();
    let garbage: Vec<u8> = (0..20_000_u32).map(|number| (number * 31 % 251) as u8).collect();
    fs::write(place.file(), &garbage).unwrap();
    for options in [Sqlite::options(), Sqlite::options().read_only()] {
        let error = options.open(place.file()).await.unwrap_err();
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
        assert_says(&error, &["store.db", "is not an SQLite database, or it is damaged", "file is not a database"]);
    }
    assert_eq!(fs::read(place.file()).unwrap(), garbage);
    assert_eq!(place.names(), ["store.db"]);
}

#[tokio::test]
async fn empty_file_becomes_a_store() {
    let place = Place::new();
    fs::write(place.file(), b"").unwrap();
    let (_store, tasks) = place.tasks().await;
    tasks.save(&mut Task::new("first")).await.unwrap();
}

#[tokio::test]
async fn truncated_database_is_refused_with_its_name() {
    let place = Place::new();
    {
        let (_store, tasks) = place.tasks().await;
        tasks.save_all(&mut Task::many(500)).await.unwrap();
    }
    let whole = fs::read(place.file()).unwrap();
    fs::write(place.file(), &whole[..4096]).unwrap();
    let error = Sqlite::open(place.file()).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    assert_says(&error, &["store.db", "malformed"]);
}

/// The header stands, and the store opens; what lies behind it is found out when it is read. Never a panic, and never an
/// answer that is only half of the truth.
#[tokio::test]
async fn damaged_pages_are_reported_with_the_file() {
    let place = Place::new();
    {
        let (_store, tasks) = place.tasks().await;
        tasks.save_all(&mut Task::many(2_000)).await.unwrap();
    }
    let root: i64 = place.value("SELECT rootpage FROM sqlite_schema WHERE name = 'tasks'");
    let mut bytes = fs::read(place.file()).unwrap();
    let page = usize::try_from(root - 1).unwrap() * 4096;
    bytes[page..page + 4096].fill(0xEE);
    fs::write(place.file(), &bytes).unwrap();
    let (store, tasks) = place.tasks().await;
    let error = tasks.filter("1", ()).await.unwrap_err();
    assert_says(&error, &["store.db", "the database is damaged"]);
    let error = tasks.save(&mut Task::new("one more")).await.unwrap_err();
    assert_says(&error, &["store.db", "the database is damaged"]);
    let mut unit = store.begin().await.unwrap();
    let error = unit.save(&mut Task::new("in a unit")).await.unwrap_err();
    assert_says(&error, &["store.db", "the database is damaged"]);
    assert!(unit.commit().await.is_err());
    // The outbox was not hit, and is whole.
    assert_eq!(store.outbox().after(0, 10_000).await.unwrap().len(), 2_000);
}

#[tokio::test]
async fn foreign_database_gets_the_framework_tables_and_keeps_its_own() {
    let place = Place::with(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
         INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob');
         CREATE INDEX by_name ON customers (name);
         CREATE VIEW everybody AS SELECT name FROM customers;
         PRAGMA user_version = 42; PRAGMA application_id = 7;",
    );
    let before: String = place.value("SELECT group_concat(sql, ';') FROM sqlite_schema");
    {
        let (_store, tasks) = place.tasks().await;
        tasks.save(&mut Task::new("beside them")).await.unwrap();
    }
    let after: String =
        place.value("SELECT group_concat(sql, ';') FROM sqlite_schema WHERE tbl_name IN ('customers', 'everybody')");
    assert_eq!(after, before);
    assert_eq!(place.value::<String>("SELECT group_concat(id || name) FROM customers"), "1Ada,2Bob");
    assert_eq!(place.value::<i64>("PRAGMA user_version"), 42);
    assert_eq!(place.value::<i64>("PRAGMA application_id"), 7);
    assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_migrations"), 3);
}

#[tokio::test]
async fn newer_framework_tables_are_refused() {
    let place = Place::new();
    drop(place.store().await);
    place.sql("INSERT INTO timestamp_migrations VALUES (99, 'from the future', 'ff', 0)");
    for options in [Sqlite::options(), Sqlite::options().read_only()] {
        let error = options.open(place.file()).await.unwrap_err();
        assert!(matches!(error, OpenError::Migration { .. }), "{error}");
        assert_says(&error, &["store.db", "migration 99 (`from the future`)", "newer version of timestamp-repo"]);
    }
}

#[tokio::test]
async fn changed_migration_is_refused_by_default() {
    let place = Place::new();
    drop(place.store().await);
    place.sql("UPDATE timestamp_migrations SET fingerprint = '0000000000000000' WHERE version = 1");
    for options in [Sqlite::options(), Sqlite::options().read_only()] {
        let error = options.open(place.file()).await.unwrap_err();
        assert!(matches!(error, OpenError::Migration { .. }), "{error}");
        assert_says(&error, &["store.db", "migration 1 (`outbox`)", "another form"]);
    }
}

/// A user's own table has the name of one of ours.
#[tokio::test]
async fn failed_migration_leaves_nothing_behind() {
    let place = Place::with("CREATE TABLE timestamp_outbox (mine TEXT)");
    let error = Sqlite::open(place.file()).await.unwrap_err();
    assert_says(&error, &["store.db", "timestamp_outbox"]);
    assert_eq!(place.value::<String>("SELECT group_concat(name) FROM sqlite_schema"), "timestamp_outbox");
    // The lock is free again.
    place.sql("DROP TABLE timestamp_outbox");
    drop(place.store().await);
}

#[tokio::test]
async fn memory_is_asked_for_by_its_own_name() {
    for path in [":memory:", "", "file::memory:", "file:store.db?mode=memory"] {
        let error = Sqlite::open(path).await.unwrap_err();
        assert!(matches!(error, OpenError::Backend { .. }), "{path}: {error}");
    }
    assert_says(Sqlite::open(":memory:").await.unwrap_err(), &["`Sqlite::in_memory()`"]);
}

/// The last connection to close moves the log into the file, so that the file is all there is to copy.
#[tokio::test]
async fn closed_store_is_one_file() {
    for durability in BOTH {
        let place = Place::new();
        let mut task = Task::new("kept");
        {
            let store = place.store_with(durability).await;
            let tasks = store.repository::<Task>().await.unwrap();
            tasks.save(&mut task).await.unwrap();
            assert!(tasks.find(task.id()).await.unwrap().is_some());
            assert_eq!(place.names(), ["store.db", "store.db-shm", "store.db-wal"]);
        }
        assert_eq!(place.names(), ["store.db"]);
        assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), 1);
    }
}

/// Connections are opened when they are needed, and must not look for a relative path in another folder then.
#[test]
fn program_may_change_its_folder() {
    let place = Place::new();
    let elsewhere = Place::new();
    let mut command = Command::new("env");
    command.current_dir(place.folder()).arg(format!("ELSEWHERE={}", elsewhere.folder().display()));
    assert!(child("open::child_changes_its_folder", command).status().unwrap().success());
    assert_eq!(place.names(), ["store.db"]);
    assert!(elsewhere.names().is_empty());
}

#[tokio::test]
#[ignore = "runs in a child process of `program_may_change_its_folder`"]
async fn child_changes_its_folder() {
    if !is_child() {
        return;
    }
    let store = Sqlite::open("store.db").await.unwrap();
    std::env::set_current_dir(std::env::var_os("ELSEWHERE").unwrap()).unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut task = Task::new("found again");
    tasks.save(&mut task).await.unwrap();
    assert!(tasks.find(task.id()).await.unwrap().is_some());
}

#[tokio::test]
async fn private_database_is_removed_with_its_store() {
    let store = Sqlite::in_memory().await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let file: String = unit.connection().await.unwrap().path().unwrap().to_owned();
    drop(unit);
    assert!(fs::exists(&file).unwrap());
    drop(store);
    tasks.save(&mut Task::new("the repository keeps it open")).await.unwrap();
    drop(tasks);
    assert!(!fs::exists(&file).unwrap());
}

/// Turning on the log and applying the migrations take turns; nobody fails, and nothing is applied twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_migrators_on_one_file_take_turns() {
    for _ in 0..40 {
        let place = Place::new();
        let opens: Vec<_> = (0..6).map(|_| tokio::spawn(Sqlite::open(place.file()))).collect();
        let mut stores = Vec::new();
        for open in opens {
            stores.push(open.await.unwrap().unwrap());
        }
        let repositories: Vec<_> = stores
            .iter()
            .cloned()
            .map(|store| tokio::spawn(async move { store.repository::<Task>().await.map(drop) }))
            .collect();
        for repository in repositories {
            repository.await.unwrap().unwrap();
        }
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_migrations"), 3);
    }
}

#[tokio::test]
async fn path_may_hold_any_character() {
    for name in ["with space.db", "quote'\"`.db", "percent%20?mode=ro#x.db", "日本.db", "-dash", "new\nline.db"] {
        let place = Place::new();
        let path = place.folder().join(name);
        let store = Sqlite::open(&path).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut task = Task::new("kept");
        tasks.save(&mut task).await.unwrap();
        store.backup(place.folder().join(format!("copy of {name}"))).await.unwrap();
        drop((store, tasks));
        assert!(place.names().contains(&name.to_owned()), "{name:?}: {:?}", place.names());
        let store = Sqlite::options().read_only().open(place.folder().join(format!("copy of {name}"))).await.unwrap();
        assert_eq!(store.outbox().of(&task).await.unwrap().len(), 1);
    }
}

/// Root may write anywhere, so this runs in a child without privileges.
#[test]
fn file_that_can_not_be_written_is_named() {
    let Some(_) = unprivileged() else {
        return skip("the test runs as root, and `setpriv` can not change the user");
    };
    for (file, folder) in [(0o444, 0o777), (0o666, 0o755), (0o444, 0o755)] {
        let place = Place::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (_store, tasks) = place.tasks().await;
            tasks.save(&mut Task::new("before")).await.unwrap();
        });
        fs::set_permissions(place.file(), fs::Permissions::from_mode(file)).unwrap();
        fs::set_permissions(place.folder(), fs::Permissions::from_mode(folder)).unwrap();
        let mut child = child("open::child_opens_a_protected_file", unprivileged().unwrap());
        let folder = format!("{folder:o}");
        let output = child.env("STORE", place.file()).env("FOLDER", folder).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}");
        assert_eq!(place.names().first().map(String::as_str), Some("store.db"));
    }
}

/// A command that runs its arguments as somebody who may not write to root's files.
fn unprivileged() -> Option<Command> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let works = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"])
        .status()
        .is_ok_and(|status| status.success());
    works.then_some(command)
}

#[tokio::test]
#[ignore = "runs in a child process of `file_that_can_not_be_written_is_named`"]
async fn child_opens_a_protected_file() {
    if !is_child() {
        return;
    }
    let path = std::env::var_os("STORE").unwrap();
    let error = Sqlite::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::ReadOnlyFile { .. }), "{error:?}");
    assert_says(&error, &["store.db", "can not be written to", "Sqlite::options().read_only()"]);
    // What the message advises works, or says what else is missing.
    let opened = Sqlite::options().read_only().open(&path).await;
    if std::env::var("FOLDER").unwrap() == "755" {
        return assert_says(
            opened.unwrap_err(),
            &["store.db", "its folder can not be written to", "copy it elsewhere"],
        );
    }
    let tasks = opened.unwrap().repository::<Task>().await.unwrap();
    assert_eq!(tasks.filter("1", ()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn store_that_exists_is_opened_while_somebody_writes() {
    let place = Place::new();
    drop(place.tasks().await);
    let other = place.connection();
    other.execute_batch("BEGIN IMMEDIATE; CREATE TABLE held (id INTEGER)").unwrap();
    let options = Sqlite::options().busy_timeout(Duration::from_millis(50));
    let store = options.open(place.file()).await.unwrap();
    assert_eq!(store.repository::<Task>().await.unwrap().filter("TRUE", ()).await.unwrap().len(), 0);
}
