use std::process::Command;

use timestamp_repo::Durability;
use timestamp_repo::rusqlite::Connection;

use crate::database::{BOTH, Place, Task, skip};
use crate::failures::save_together;
use crate::processes::{child, is_child};

fn pragma(connection: &Connection, name: &str) -> i64 {
    connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn writer_is_set_up_as_documented() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let mut unit = store.begin().await.unwrap();
        let connection = unit.connection().await.unwrap();
        let synchronous = if durability == Durability::Full { 2 } else { 1 };
        assert_eq!(pragma(connection, "synchronous"), synchronous);
        assert_eq!(pragma(connection, "foreign_keys"), 1);
        assert_eq!(pragma(connection, "wal_autocheckpoint"), 0);
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        drop(unit);
    }
}

/// Counts the syncs of a child that saves 3 times 100, one after the other and in groups.
fn syncs(durability: Durability) -> Option<usize> {
    let place = Place::new();
    let trace = place.folder().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o"]).arg(&trace);
    let name = if durability == Durability::Full { "full" } else { "normal" };
    let output = child("durability::child_saves_300", strace)
        .env("DURABILITY", name)
        .env("STORE_FOLDER", place.folder())
        .output()
        .ok()?;
    if !output.status.success() {
        assert!(!trace.exists() || std::fs::read(&trace).unwrap().is_empty(), "{output:?}");
        return None;
    }
    let trace = std::fs::read_to_string(trace).unwrap();
    Some(trace.lines().filter(|line| line.contains("sync(")).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs in a child process of `full_durability_syncs_and_normal_does_not`"]
async fn child_saves_300() {
    if !is_child() {
        return;
    }
    let durability = if std::env::var("DURABILITY").unwrap() == "full" { Durability::Full } else { Durability::Normal };
    let path = std::path::PathBuf::from(std::env::var_os("STORE_FOLDER").unwrap()).join("store.db");
    let store = timestamp_repo::Sqlite::options().durability(durability).open(path).await.unwrap();
    let tasks = store.repository::<Task>().await.unwrap();
    for _ in 0..100 {
        tasks.save(&mut Task::new("alone")).await.unwrap();
    }
    for _ in 0..2 {
        for (_, outcome) in save_together(&tasks, Task::many(100)).await {
            outcome.unwrap();
        }
    }
}

/// One sync for each lone save and one for each group; none in normal mode, but for opening, checkpoints and closing.
#[test]
fn full_durability_syncs_and_normal_does_not() {
    let (Some(full), Some(normal)) = (syncs(Durability::Full), syncs(Durability::Normal)) else {
        return skip("`strace` is missing, or may not trace");
    };
    assert!((100..220).contains(&full), "{full} syncs for 100 lone saves and 2 times 100 at once");
    assert!(normal < 30, "{normal} syncs for 300 saves in normal mode");
}
