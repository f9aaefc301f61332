use std::fmt::{self, Write as _};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use timestamp_repo::{Durability, Repository, Sqlite};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::database::{BOTH, Place, Task};
use crate::failures::save_together;

const MIB: u64 = 1 << 20;

/// What the documentation calls the cap of the log.
const CAP: u64 = 64 * MIB;

fn log_size(place: &Place) -> u64 {
    fs::metadata(place.log()).map_or(0, |log| log.len())
}

fn large(count: usize, bytes: usize) -> Vec<Task> {
    (0..count).map(|number| Task::new(format!("{number} {}", "x".repeat(bytes)))).collect()
}

/// Nobody pauses, so there is hardly a moment in which the log could begin anew by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_stays_short_while_saves_never_pause() {
    for durability in BOTH {
        let place = Place::new();
        let store = Sqlite::options().durability(durability).open(place.file()).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut longest = 0;
        let mut written = 0;
        while written < 4 * CAP {
            let (left, right) =
                tokio::join!(save_together(&tasks, large(16, 12_000)), save_together(&tasks, large(16, 12_000)));
            for (_, outcome) in left.into_iter().chain(right) {
                outcome.unwrap();
            }
            written += 32 * 16_000;
            longest = longest.max(log_size(&place));
        }
        let reached = longest / MIB;
        assert!(longest < CAP + CAP / 2, "the log grew to {reached} MiB with {durability:?}");
    }
}

/// A row is as large as its user makes it, and the log is bounded all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_stays_short_for_large_rows_too() {
    for durability in BOTH {
        let place = Place::new();
        let store = Sqlite::options().durability(durability).open(place.file()).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut longest = 0;
        for mut task in large(300, 1_000_000) {
            tasks.save(&mut task).await.unwrap();
            longest = longest.max(log_size(&place));
        }
        // The cap is a target: while the thread moves the log, the saves go on.
        assert!(longest < 3 * CAP, "the log grew to {} MiB with {durability:?}", longest / MIB);
    }
}

/// The writer's connection never checkpoints by itself (see `durability.rs`), so what is in the file was moved there by
/// the thread.
#[tokio::test]
async fn log_is_moved_by_a_thread_of_its_own() {
    for durability in BOTH {
        let place = Place::new();
        let store = Sqlite::options().durability(durability).open(place.file()).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let before = fs::metadata(place.file()).unwrap().len();
        for mut task in large(700, 3_000) {
            tasks.save(&mut task).await.unwrap();
        }
        let until = Instant::now() + Duration::from_secs(20);
        while fs::metadata(place.file()).unwrap().len() < before + MIB {
            assert!(Instant::now() < until, "nothing was moved into the file");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Keeps what is warned of, whichever thread warns.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN && metadata.target().starts_with("timestamp_repo")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Warnings {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn write_past_the_cap(place: &Place, tasks: &Repository<Task, Sqlite>, warnings: &Warnings) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        tasks.save_all(&mut large(40, 100_000)).await.unwrap();
        if log_size(place) > CAP + CAP / 4 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let found: Vec<String> =
                warnings.take().into_iter().filter(|text| text.contains("can not be shortened")).collect();
            if !found.is_empty() {
                return found;
            }
        }
        assert!(Instant::now() < until, "no warning at {} MiB", log_size(place) / MIB);
    }
}

/// The one test that listens to the whole process; the other tests' logs stay below their cap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_that_keeps_the_log_long_is_named() {
    let warnings = Warnings::default();
    tracing::subscriber::set_global_default(warnings.clone()).unwrap();

    // Another program, which we can not know by name.
    let place = Place::new();
    let store = place.store_with(Durability::Normal).await;
    let tasks = store.repository::<Task>().await.unwrap();

    tasks.save(&mut Task::new("first")).await.unwrap();
    let reader = place.connection();
    reader.execute_batch("BEGIN; SELECT count(*) FROM tasks").unwrap();
    let found = write_past_the_cap(&place, &tasks, &warnings).await;
    assert!(found[0].contains("another process, or SQL on a connection of your own"), "{found:?}");
    drop(reader);

    // A search of this program, which takes as long as the test wants.
    let place = Place::new();
    let store = place.store_with(Durability::Normal).await;
    let tasks = store.repository::<Task>().await.unwrap();
    tasks.save(&mut Task::new("first")).await.unwrap();
    let slow = tokio::spawn({
        let tasks = tasks.clone();
        async move {
            let endless = "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) \
                           SELECT count(*) FROM numbers) > 0";
            tasks.filter(endless, (30_000_000_i64,)).await
        }
    });
    let found = write_past_the_cap(&place, &tasks, &warnings).await;
    assert!(found[0].contains("a search of `tasks`"), "{found:?}");
    assert_eq!(slow.await.unwrap().unwrap().len(), 1);
    // When the reader is gone, the log is short again.
    for _ in 0..20 {
        tasks.save_all(&mut large(40, 100_000)).await.unwrap();
    }
    let until = Instant::now() + Duration::from_secs(20);
    while log_size(&place) > CAP + CAP / 4 {
        tasks.save_all(&mut large(40, 10_000)).await.unwrap();
        assert!(Instant::now() < until, "the log stays at {} MiB", log_size(&place) / MIB);
    }
}
