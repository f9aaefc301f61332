//! Saving and loading on SQLite.

use std::time::{Duration, Instant};

use timestamp_benches::processor;
use timestamp_benches::ratio::{Batch, Comparison, Goal, Ratio};
use timestamp_benches::sqlite::{ByHand, Database};
use timestamp_benches::task::{Task, TaskByHand};
use timestamp_core::Timestamped;
use timestamp_repo::{Durability, Repository, Sqlite};
use tokio::runtime::{Builder, Runtime};

type Tasks = Repository<Task, Sqlite>;

/// Saves per round of the lone ones.
const LONE: u32 = 400;

/// Callers at the same time.
const CALLERS: usize = 32;

/// Saves of each caller per round.
const TURNS: usize = 12;

/// Entities of a batch.
const BATCH: i64 = 10_000;

pub(crate) fn ratios() -> Vec<Ratio> {
    let runtime = current_thread();
    let mut table = lone_save(&runtime);
    table.extend(find(&runtime));
    table.extend(save_all(&runtime));
    table.extend(concurrent(&runtime));
    table.extend(growth(&runtime));
    table
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A database with the store open on it, and some saved tasks.
struct Ours {
    // Before the database, so that the files are closed when their folder goes.
    tasks: Tasks,
    _store: Sqlite,
    database: Database,
    saved: Vec<Task>,
}

impl Ours {
    async fn new(durability: Durability, count: i64) -> Self {
        let database = Database::new().await;
        let (store, tasks) = database.store(durability).await;
        let mut saved: Vec<Task> = (0..count).map(Task::new).collect();
        for chunk in saved.chunks_mut(50_000) {
            tasks.save_all(chunk).await.expect("a batch");
        }
        Self { tasks, _store: store, database, saved }
    }
}

/// The same by hand.
struct Theirs {
    by_hand: ByHand,
    database: Database,
    saved: Vec<TaskByHand>,
}

impl Theirs {
    async fn new(durability: Durability, autocheckpoint: u32, count: i64) -> Self {
        let database = Database::new().await;
        let by_hand = database.by_hand(durability, autocheckpoint);
        let mut saved: Vec<TaskByHand> = (0..count).map(TaskByHand::new).collect();
        by_hand.begin();
        saved.iter_mut().for_each(|task| by_hand.write(task));
        by_hand.commit();
        Self { by_hand, database, saved }
    }

    /// Saves all tasks in one transaction, and again, as often as each of the concurrent callers saves its own.
    fn save_groups(&mut self) {
        for _ in 0..TURNS {
            self.by_hand.begin();
            for task in &mut self.saved {
                task.toggle();
                self.by_hand.write(task);
            }
            self.by_hand.commit();
        }
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn lone_save(runtime: &Runtime) -> Vec<Ratio> {
    let mut ours = runtime.block_on(Ours::new(Durability::Normal, 1_000));
    let mut theirs = runtime.block_on(Theirs::new(Durability::Normal, 0, 1_000));
    let mut usual = runtime.block_on(Theirs::new(Durability::Normal, 1_000, 1_000));
    let saving: Batch<'_> = Box::new(|| {
        ours.database.checkpoint();
        let (tasks, saved) = (&ours.tasks, &mut ours.saved);
        let elapsed = timed(|| {
            runtime.block_on(async {
                for task in saved.iter_mut().take(LONE as usize) {
                    task.toggle();
                    tasks.save(task).await.expect("a save");
                }
            });
        });
        (elapsed, LONE)
    });
    let save_by_hand = |theirs: &mut Theirs| {
        let (by_hand, saved) = (&theirs.by_hand, &mut theirs.saved);
        let elapsed = timed(|| {
            for task in saved.iter_mut().take(LONE as usize) {
                task.toggle();
                by_hand.save(task);
            }
        });
        (elapsed, LONE)
    };
    let usual_saving: Batch<'_> = Box::new(|| save_by_hand(&mut usual));
    let saving_by_hand: Batch<'_> = Box::new(|| {
        theirs.database.checkpoint();
        save_by_hand(&mut theirs)
    });
    let table = Comparison::new()
        .way("one save, durability normal", Goal::AtMost(1.15), saving)
        .way("by hand, checkpoints inside COMMIT as by default", Goal::Reported, usual_saving)
        .against("by hand, same pragmas", saving_by_hand, 60);
    ours.database.assert_rows(1_000);
    theirs.database.assert_rows(1_000);
    table
}

fn find(runtime: &Runtime) -> Vec<Ratio> {
    let ours = runtime.block_on(Ours::new(Durability::Normal, 10_000));
    let theirs = ours.database.by_hand(Durability::Normal, 0);
    let place = |step: usize| step.wrapping_mul(7_919) % 10_000;
    let mut at = 0;
    let finding: Batch<'_> = Box::new(|| {
        at += 1;
        let elapsed = timed(|| {
            runtime.block_on(async {
                for step in 0..2_000 {
                    let task = &ours.saved[place(step + at)];
                    let found = ours.tasks.find(task.id()).await.expect("a read").expect("a task");
                    assert_eq!(found.priority(), task.priority());
                }
            });
        });
        (elapsed, 2_000)
    });
    let mut at_by_hand = 0;
    let finding_by_hand: Batch<'_> = Box::new(|| {
        at_by_hand += 1;
        let elapsed = timed(|| {
            for step in 0..2_000 {
                let task = &ours.saved[place(step + at_by_hand)];
                assert_eq!(theirs.find(*task.id()).priority(), task.priority());
            }
        });
        (elapsed, 2_000)
    });
    Comparison::new().way("`find`", Goal::AtMost(1.15), finding).against("by hand", finding_by_hand, 200)
}

fn save_all(runtime: &Runtime) -> Vec<Ratio> {
    let batch: Batch<'_> = Box::new(|| {
        let ours = runtime.block_on(Ours::new(Durability::Normal, 0));
        let mut tasks: Vec<Task> = (0..BATCH).map(Task::new).collect();
        let elapsed = timed(|| runtime.block_on(ours.tasks.save_all(&mut tasks)).expect("a batch"));
        ours.database.assert_rows(BATCH);
        (elapsed, BATCH as u32)
    });
    let by_hand: Batch<'_> = Box::new(|| {
        let theirs = runtime.block_on(Theirs::new(Durability::Normal, 0, 0));
        let mut tasks: Vec<TaskByHand> = (0..BATCH).map(TaskByHand::new).collect();
        let elapsed = timed(|| {
            theirs.by_hand.begin();
            tasks.iter_mut().for_each(|task| theirs.by_hand.write(task));
            theirs.by_hand.commit();
        });
        theirs.database.assert_rows(BATCH);
        (elapsed, BATCH as u32)
    });
    Comparison::new().way("`save_all` of 10,000", Goal::AtMost(1.15), batch).against(
        "one transaction by hand",
        by_hand,
        15,
    )
}

/// 32 callers, each saving one task again and again.
fn concurrent(runtime: &Runtime) -> Vec<Ratio> {
    let many = multi_thread();
    let mut table = Comparison::new();
    // A throughput of 0.8 is a time of 1.25.
    let goal = Goal::AtMost(1.25);
    for (name, runtime) in [("multi-thread", &many), ("current-thread", runtime)] {
        let mut ours = runtime.block_on(Ours::new(Durability::Full, CALLERS as i64));
        table = table.way(
            format!("32 concurrent saves, durability full, {name}, spawned"),
            goal,
            Box::new(move || {
                let saved = std::mem::take(&mut ours.saved);
                let (elapsed, saved) = runtime.block_on(spawned(ours.tasks.clone(), saved));
                ours.saved = saved;
                (elapsed, (CALLERS * TURNS) as u32)
            }),
        );
        let mut ours = runtime.block_on(Ours::new(Durability::Full, CALLERS as i64));
        table = table.way(
            format!("32 concurrent saves, durability full, {name}, `join_all`"),
            goal,
            Box::new(move || {
                let elapsed = timed(|| runtime.block_on(joined(&ours.tasks, &mut ours.saved)));
                (elapsed, (CALLERS * TURNS) as u32)
            }),
        );
    }
    let mut lone = runtime.block_on(Theirs::new(Durability::Full, 0, CALLERS as i64));
    let mut groups = runtime.block_on(Theirs::new(Durability::Full, 0, CALLERS as i64));
    table = table.way(
        "by hand, one commit each",
        Goal::Reported,
        Box::new(move || {
            let elapsed = timed(|| {
                for task in &mut lone.saved {
                    task.toggle();
                    lone.by_hand.save(task);
                }
            });
            (elapsed, CALLERS as u32)
        }),
    );
    let mut checkpointing = runtime.block_on(Theirs::new(Durability::Full, 1_000, CALLERS as i64));
    table = table.way(
        "by hand, transactions of 32, checkpoints inside COMMIT as by default",
        Goal::Reported,
        Box::new(move || (timed(|| checkpointing.save_groups()), (CALLERS * TURNS) as u32)),
    );
    let by_hand: Batch<'_> = Box::new(move || {
        groups.database.checkpoint();
        let elapsed = timed(|| groups.save_groups());
        (elapsed, (CALLERS * TURNS) as u32)
    });
    table.against("by hand, transactions of 32", by_hand, 40)
}

async fn spawned(tasks: Tasks, saved: Vec<Task>) -> (Duration, Vec<Task>) {
    let start = Instant::now();
    let callers = saved.into_iter().map(|mut task| {
        let tasks = tasks.clone();
        tokio::spawn(async move {
            save_turns(&tasks, &mut task).await;
            task
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut saved = Vec::new();
    for caller in callers {
        saved.push(caller.await.expect("a caller"));
    }
    (start.elapsed(), saved)
}

async fn joined(tasks: &Tasks, saved: &mut [Task]) {
    futures_util::future::join_all(saved.iter_mut().map(|task| save_turns(tasks, task))).await;
}

async fn save_turns(tasks: &Tasks, task: &mut Task) {
    for _ in 0..TURNS {
        task.toggle();
        tasks.save(task).await.expect("a save");
    }
}

/// The processor's time for one save, in a table of a million rows against one of a thousand.
fn growth(runtime: &Runtime) -> Vec<Ratio> {
    let mut large = runtime.block_on(Ours::new(Durability::Normal, 1_000_000));
    let mut small = runtime.block_on(Ours::new(Durability::Normal, 1_000));
    large.database.checkpoint();
    let saves = |ours: &mut Ours, from: usize| {
        let before = processor::of_this_thread();
        runtime.block_on(async {
            let count = ours.saved.len();
            for step in 0..LONE as usize {
                let task = &mut ours.saved[(from + step).wrapping_mul(7_919) % count];
                task.toggle();
                ours.tasks.save(task).await.expect("a save");
            }
        });
        (processor::of_this_thread() - before, LONE)
    };
    let (mut at_large, mut at_small) = (0, 0);
    let large: Batch<'_> = Box::new(|| {
        at_large += LONE as usize;
        saves(&mut large, at_large)
    });
    let small: Batch<'_> = Box::new(|| {
        at_small += LONE as usize;
        saves(&mut small, at_small)
    });
    Comparison::new().way("one save among 1,000,000 rows, processor time", Goal::AtMost(2.5), large).against(
        "among 1,000 rows",
        small,
        60,
    )
}
