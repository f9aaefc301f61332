use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use timestamp_repo::{BackupError, Sqlite};

use crate::database::{BOTH, Place, Task, assert_says};
use crate::failures::save_together;

/// The copy is one moment of the store: rows and events agree in it, and it holds all that was saved before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backup_is_whole_while_others_save() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        tasks.save_all(&mut Task::many(3_000)).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let saving = tokio::spawn({
            let (tasks, stop) = (tasks.clone(), Arc::clone(&stop));
            async move {
                let mut saved = 0;
                while !stop.load(Ordering::Relaxed) {
                    saved += save_together(&tasks, Task::many(4)).await.iter().filter(|(_, it)| it.is_ok()).count();
                    tasks.touch_all("rowid % 100 = 0", (), "some").await.unwrap();
                }
                saved
            }
        });
        let mut copies = Vec::new();
        for _ in 0..3 {
            let before: i64 = place.value("SELECT max(seq) FROM timestamp_outbox");
            let copy = Place::new();
            store.backup(copy.file()).await.unwrap();
            copies.push((before, copy));
        }
        stop.store(true, Ordering::Relaxed);
        assert!(saving.await.unwrap() > 0, "nobody saved meanwhile");
        for (before, copy) in copies {
            copy.assert_rows_and_events_agree();
            assert!(copy.value::<i64>("SELECT max(seq) FROM timestamp_outbox") >= before);
            // It is a store like any other.
            let (store, tasks) = copy.tasks().await;
            tasks.save(&mut Task::new("in the copy")).await.unwrap();
            store.repository::<Task>().await.unwrap();
        }
    }
}

#[tokio::test]
async fn backup_equals_its_source() {
    let place = Place::new();
    let (store, tasks) = place.tasks().await;
    tasks.save_all(&mut Task::many(100)).await.unwrap();
    tasks.touch_all("1", (), "all").await.unwrap();
    let copy = Place::new();
    store.backup(copy.file()).await.unwrap();
    for sql in [
        "SELECT group_concat(concat_ws('|', id, title, done, created_at_ms, updated_at_ms, version)) FROM tasks",
        "SELECT group_concat(concat_ws('|', seq, id, aggregateid, type, payload, version, occurred_at_ms, recorded_at_ms)) FROM timestamp_outbox",
        "SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_schema ORDER BY type, name)",
        "SELECT group_concat(concat_ws('|', version, name, fingerprint, applied_at_ms)) FROM timestamp_migrations",
    ] {
        assert_eq!(copy.value::<String>(sql), place.value::<String>(sql));
    }
}

#[tokio::test]
async fn backup_never_overwrites() {
    let place = Place::new();
    let store = place.store().await;
    let target = place.folder().join("precious.txt");
    for content in ["", "precious"] {
        std::fs::write(&target, content).unwrap();
        let error = store.backup(&target).await.unwrap_err();
        assert!(matches!(error, BackupError::Exists { .. }), "{error}");
        assert_says(&error, &["precious.txt", "exists already"]);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), content);
    }
    assert!(matches!(store.backup(place.folder()).await, Err(BackupError::Exists { .. })));
    assert!(matches!(store.backup(place.file()).await, Err(BackupError::Exists { .. })));
    // A link that leads nowhere is something too.
    let link = place.folder().join("link");
    std::os::unix::fs::symlink(place.folder().join("nowhere"), &link).unwrap();
    assert!(matches!(store.backup(&link).await, Err(BackupError::Exists { .. })));
    assert!(!place.folder().join("nowhere").exists());
}

#[tokio::test]
async fn backup_says_why_it_can_not_write() {
    let place = Place::new();
    let store = place.store().await;
    let error = store.backup(place.folder().join("missing/copy.db")).await.unwrap_err();
    assert!(matches!(error, BackupError::Backend { .. }), "{error}");
    assert_says(&error, &["missing/copy.db", "can not be written", "the folder", "does not exist"]);
    // SQLite would write it to a file that nobody can name.
    assert_says(store.backup("").await.unwrap_err(), &["can not be written"]);
    // A name that SQLite would take for a setting.
    let store = Sqlite::in_memory().await.unwrap();
    assert!(store.backup("file:x?mode=memory").await.is_err());
    assert!(store.backup(":memory:").await.is_err());
}
