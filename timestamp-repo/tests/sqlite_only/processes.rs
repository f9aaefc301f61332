use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use timestamp_core::Timestamped;
use timestamp_repo::{Durability, SaveError, Sqlite};
use uuid::Uuid;

use crate::database::{BOTH, Place, Task, assert_says};
use crate::failures::save_together;

/// A command that runs one ignored test of this program in a process of its own, begun by `command`.
pub(crate) fn child(test: &str, mut command: Command) -> Command {
    command.arg(std::env::current_exe().unwrap()).args(["--exact", "--ignored", "--nocapture", test]);
    command.env("CHILD_OF_A_TEST", "1");
    command
}

/// Whether this is such a process. A run of all ignored tests starts their bodies too, with nothing to do.
pub(crate) fn is_child() -> bool {
    std::env::var_os("CHILD_OF_A_TEST").is_some()
}

fn saving_child(place: &Place, durability: Durability, count: usize) -> Command {
    let mut command = Command::new("env");
    let name = if durability == Durability::Full { "full" } else { "normal" };
    command
        .arg(format!("STORE={}", place.file().display()))
        .arg(format!("DURABILITY={name}"))
        .arg(format!("COUNT={count}"));
    child("processes::child_saves", command)
}

/// Saves, and prints the id after each save that was acknowledged, and `touched` after its update.
#[tokio::test]
#[ignore = "runs in a child process"]
async fn child_saves() {
    if !is_child() {
        return;
    }
    let variable = |name| std::env::var(name).unwrap();
    let durability = if variable("DURABILITY") == "full" { Durability::Full } else { Durability::Normal };
    let options = Sqlite::options().durability(durability).busy_timeout(Duration::from_secs(10));
    let tasks = options.open(variable("STORE")).await.unwrap().repository::<Task>().await.unwrap();
    println!("ready");
    for _ in 0..variable("COUNT").parse().unwrap() {
        let mut task = Task::new("of the child");
        tasks.save(&mut task).await.unwrap();
        say(&format!("saved {}", task.id()));
        task.complete();
        tasks.save(&mut task).await.unwrap();
        say(&format!("touched {}", task.id()));
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_save_into_one_file() {
    for durability in BOTH {
        let place = Place::new();
        let options = Sqlite::options().durability(durability).busy_timeout(Duration::from_secs(10));
        let store = options.open(place.file()).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut children: Vec<_> =
            (0..2).map(|_| saving_child(&place, durability, 100).stdout(Stdio::null()).spawn().unwrap()).collect();
        let mut mine = 0;
        let mut units = 0;
        while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
            for (task, outcome) in save_together(&tasks, Task::many(5)).await {
                match outcome {
                    Ok(()) => mine += 1,
                    Err(error) => assert!(error.is_retryable() && task.pending_events().len() == 1, "{error}"),
                }
            }
            let mut unit = store.begin().await.unwrap();
            unit.save_all(&mut Task::many(3)).await.unwrap();
            unit.commit().await.unwrap();
            units += 3;
        }
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), mine + units + 200);
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), mine + units + 400);
        place.assert_rows_and_events_agree();
    }
}

/// Returns how many events a process has stored that ends when it comes to this point for the fifth time.
fn stored_before_ending_at(point: &str, durability: Durability) -> i64 {
    let place = Place::new();
    let mut child = saving_child(&place, durability, 100);
    let output = child.env("TIMESTAMP_TEST_ABORT_AT", format!("{point}:5")).output().unwrap();
    // By SIGABRT: at the point, and not when all was done.
    assert_eq!(output.status.signal(), Some(6), "{point}: {output:?}");
    place.assert_rows_and_events_agree();
    place.value("SELECT count(*) FROM timestamp_outbox")
}

#[test]
fn process_that_ends_at_a_named_point_leaves_rows_and_events_whole() {
    for durability in BOTH {
        assert_eq!(stored_before_ending_at("save/before", durability), 4);
        assert_eq!(stored_before_ending_at("save/after", durability), 5);
        // With the row, and without its events, in a transaction that nobody commits.
        assert_eq!(stored_before_ending_at("store/between", durability), 4);
        // Some of the five made the tables.
        let before = stored_before_ending_at("store/before", durability);
        assert_eq!(stored_before_ending_at("store/after", durability), before + 1);
    }
}

/// Whatever was acknowledged is there, and what was not is there wholly or not at all.
#[test]
fn killed_process_loses_no_acknowledged_save() {
    for durability in BOTH {
        for lines in [1, 40, 101] {
            let place = Place::new();
            let mut child = saving_child(&place, durability, 100_000).stdout(Stdio::piped()).spawn().unwrap();
            let mut saved = HashSet::new();
            let mut touched = HashSet::new();
            let out = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut read = 0;
            for line in out {
                let line = line.unwrap();
                // A line that was cut off was still being written.
                if let Some(id) = line.strip_prefix("saved ").and_then(|id| Uuid::try_parse(id).ok()) {
                    saved.insert(id);
                } else if let Some(id) = line.strip_prefix("touched ").and_then(|id| Uuid::try_parse(id).ok()) {
                    touched.insert(id);
                }
                if !saved.is_empty() {
                    read += 1;
                }
                if read == lines {
                    child.kill().unwrap();
                }
            }
            assert!(!child.wait().unwrap().success());
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let (store, tasks) = place.tasks().await;
                let found = tasks.filter("1", ()).await.unwrap();
                for id in &saved {
                    assert!(found.iter().any(|task| task.id() == id), "{id} was acknowledged");
                }
                for task in &found {
                    let events = store.outbox().of(task).await.unwrap();
                    assert_eq!(events.len() as u64, task.version());
                    assert_eq!(events.last().unwrap().at, task.updated_at());
                    assert_eq!(task.done, task.version() == 2);
                    assert!(!touched.contains(task.id()) || task.version() == 2, "the update was acknowledged");
                }
                assert!(found.len() <= saved.len() + 1);
            });
            place.assert_rows_and_events_agree();
        }
    }
}

/// Holds the write lock as another program would, for a while.
fn hold(place: &Place, time: Duration) -> std::thread::JoinHandle<()> {
    let connection = place.connection();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::spawn(move || {
        std::thread::sleep(time);
        connection.execute_batch("ROLLBACK").unwrap();
    })
}

const TIMEOUT: Duration = Duration::from_millis(300);

#[track_caller]
fn assert_busy(error: &SaveError, since: Instant) {
    assert!(matches!(error, SaveError::Busy(_)) && error.is_retryable(), "{error}");
    assert_says(error, &["the database is busy", "another program"]);
    let took = since.elapsed();
    assert!(took >= TIMEOUT - Duration::from_millis(20), "it did not wait: {took:?}");
    assert!(took < TIMEOUT + Duration::from_millis(500), "it waited for {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_held_for_longer_than_the_timeout_is_busy() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        let mut known = Task::new("known");
        tasks.save(&mut known).await.unwrap();
        known.touch("again");
        let mut busy = [Task::new("a"), Task::new("b")];
        let holder = hold(&place, Duration::from_secs(4));

        let since = Instant::now();
        assert_busy(&tasks.save(&mut busy[0]).await.unwrap_err(), since);
        let since = Instant::now();
        assert_busy(&tasks.save(&mut known).await.unwrap_err(), since);
        let since = Instant::now();
        assert_busy(&tasks.save_all(&mut busy).await.unwrap_err().error, since);
        let since = Instant::now();
        assert_busy(&tasks.touch_all("1", (), "all").await.unwrap_err(), since);
        let since = Instant::now();
        assert_busy(&tasks.delete(&mut known, "gone").await.unwrap_err(), since);
        let since = Instant::now();
        let mut unit = store.begin().await.unwrap();
        assert_busy(&unit.save(&mut known).await.unwrap_err(), since);
        // Reading waits for nobody, in a unit or out of it.
        let since = Instant::now();
        assert!(unit.find::<Task>(known.id()).await.unwrap().is_some());
        assert_eq!(tasks.recent(None, 5).await.unwrap().items.len(), 1);
        assert!(since.elapsed() < Duration::from_millis(150));
        holder.join().unwrap();
        // The unit that was refused, and everything else, goes through now.
        unit.save(&mut known).await.unwrap();
        unit.commit().await.unwrap();
        tasks.save_all(&mut busy).await.unwrap();
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 4);
        place.assert_rows_and_events_agree();
    }
}

/// Waiting is done once for a group, not once for each of its members.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_saves_wait_at_the_same_time() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        save_together(&tasks, Task::many(20)).await;
        let holder = hold(&place, Duration::from_millis(2_500));
        let since = Instant::now();
        for (task, outcome) in save_together(&tasks, Task::many(20)).await {
            assert_busy(&outcome.unwrap_err(), since);
            assert_eq!(task.pending_events().len(), 1);
        }
        holder.join().unwrap();
        assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_held_for_less_than_the_timeout_is_waited_for() {
    for durability in BOTH {
        let place = Place::new();
        let options = Sqlite::options().durability(durability).busy_timeout(Duration::from_secs(10));
        let store = options.open(place.file()).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let held = Duration::from_millis(150);
        for number in 0..5 {
            let holder = hold(&place, held);
            let since = Instant::now();
            match number {
                0 => tasks.save(&mut Task::new("a")).await.unwrap(),
                1 => tasks.save_all(&mut Task::many(2)).await.unwrap(),
                2 => assert_eq!(tasks.touch_all("1", (), "all").await.unwrap(), 3),
                3 => {
                    let mut unit = store.begin().await.unwrap();
                    unit.save(&mut Task::new("b")).await.unwrap();
                    unit.commit().await.unwrap();
                }
                _ => {
                    for (_, outcome) in save_together(&tasks, Task::many(10)).await {
                        outcome.unwrap();
                    }
                }
            }
            assert!(since.elapsed() >= held - Duration::from_millis(20), "{number} did not wait");
            holder.join().unwrap();
        }
        assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), 14);
        place.assert_rows_and_events_agree();
    }
}

/// Creating a table waits as a save does, and so does opening where the framework's tables are missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_waits_too() {
    let (place, fresh) = (Place::new(), Place::new());
    let store = place.store_with(Durability::Full).await;
    fresh.connection().execute_batch("PRAGMA journal_mode = wal").unwrap();
    let holders = [hold(&place, Duration::from_millis(1_500)), hold(&fresh, Duration::from_millis(1_500))];
    let since = Instant::now();
    let error = store.repository::<Task>().await.unwrap_err();
    assert_says(error, &["the database is busy"]);
    let options = Sqlite::options().busy_timeout(TIMEOUT);
    let error = options.clone().open(fresh.file()).await.unwrap_err();
    assert_says(error, &["store.db", "the database is busy"]);
    // Where nothing is missing, nobody is waited for.
    options.clone().open(place.file()).await.unwrap();
    assert!(since.elapsed() < Duration::from_millis(1_400));
    holders.into_iter().for_each(|holder| holder.join().unwrap());
    let holder = hold(&fresh, Duration::from_millis(100));
    options.open(fresh.file()).await.unwrap();
    holder.join().unwrap();
    store.repository::<Task>().await.unwrap();
}

/// Each process has a store of its own; what one saves is a conflict for the other, and never lost.
#[tokio::test]
async fn stores_of_two_programs_see_each_others_versions() {
    let place = Place::new();
    let (_one, tasks) = place.tasks().await;
    let (_two, others) = place.tasks().await;
    let mut task = Task::new("shared");
    tasks.save(&mut task).await.unwrap();
    let mut copy = others.find(task.id()).await.unwrap().unwrap();
    copy.complete();
    others.save(&mut copy).await.unwrap();
    task.touch("too late");
    assert!(tasks.save(&mut task).await.unwrap_err().is_conflict());
    assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 2);
}
