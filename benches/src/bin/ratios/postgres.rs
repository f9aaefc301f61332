//! Saving and loading on PostgreSQL.

use std::time::{Duration, Instant};

use timestamp_benches::postgres::{Bench, ByHand, Commit, Ours, Way, server};
use timestamp_benches::ratio::{Batch, Comparison, Goal, Ratio};
use tokio::runtime::{Builder, Runtime};

/// Rounds of lone saves, and how many are in each: short, so that what else the machine does meets both ways alike.
const LONE_ROUNDS: u32 = 1_500;
const LONE: usize = 16;

/// Entities of a batch.
const BATCH: i64 = 10_000;

/// Loads of each caller per round.
const FINDS: usize = 100;

/// Where there is a server, gives it to `measure` with a runtime.
fn on_server(mut runtime: Builder, measure: impl FnOnce(&Runtime, &str) -> Vec<Ratio>) -> Vec<Ratio> {
    let Some(server) = server() else {
        eprintln!("PostgreSQL is left out: TIMESTAMP_TEST_POSTGRES names no server, see scripts/services");
        return Vec::new();
    };
    measure(&runtime.enable_all().build().expect("a runtime"), &server)
}

fn one_thread() -> Builder {
    Builder::new_current_thread()
}

fn two_threads() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2);
    builder
}

pub(crate) fn lone_save() -> Vec<Ratio> {
    on_server(one_thread(), save_alone)
}

pub(crate) fn saves_at_once() -> Vec<Ratio> {
    on_server(two_threads(), |runtime, server| {
        let mut table = save_at_once(runtime, server, 32, 20, 0.60);
        table.extend(save_at_once(runtime, server, 256, 6, 0.38));
        table
    })
}

pub(crate) fn save_all() -> Vec<Ratio> {
    on_server(one_thread(), save_batch)
}

pub(crate) fn finds_at_once() -> Vec<Ratio> {
    on_server(two_threads(), find_at_once)
}

pub(crate) fn growth() -> Vec<Ratio> {
    on_server(one_thread(), growth_of_both)
}

/// What is measured of a batch.
#[derive(Clone, Copy)]
enum Measure {
    Time,
    /// Of client and server.
    Processors,
}

fn measured<W: Way>(
    runtime: &Runtime,
    bench: &mut Bench<W>,
    measure: Measure,
    work: impl AsyncFnOnce(&mut Bench<W>),
) -> Duration {
    match measure {
        Measure::Time => {
            let start = Instant::now();
            runtime.block_on(work(bench));
            start.elapsed()
        }
        Measure::Processors => {
            let processors = runtime.block_on(bench.database().processors());
            let before = processors.time();
            runtime.block_on(work(bench));
            processors.time() - before
        }
    }
}

/// Compares `work` of ours and by hand, once by time and once by processor time.
fn compared(
    runtime: &Runtime,
    (ours, by_hand): (&mut Bench<Ours>, &mut Bench<ByHand>),
    (name, baseline): (&str, &str),
    goal: f64,
    (rounds, count): (u32, usize),
    mut work_of_ours: impl AsyncFnMut(&mut Bench<Ours>),
    mut work_by_hand: impl AsyncFnMut(&mut Bench<ByHand>),
) -> Vec<Ratio> {
    let mut table = Vec::new();
    let measures = [
        (Measure::Time, name.to_owned(), Goal::AtMost(goal)),
        (Measure::Processors, "the same, processor time of client and server".to_owned(), Goal::Reported),
    ];
    for (measure, name, goal) in measures {
        let first: Batch<'_> =
            Box::new(|| (measured(runtime, ours, measure, async |it| work_of_ours(it).await), count as u32));
        let second: Batch<'_> =
            Box::new(|| (measured(runtime, by_hand, measure, async |it| work_by_hand(it).await), count as u32));
        table.extend(Comparison::new().way(name, goal, first).against(baseline, second, rounds));
    }
    table
}

fn pair(runtime: &Runtime, server: &str, commit: Commit, count: i64) -> (Bench<Ours>, Bench<ByHand>) {
    runtime.block_on(async { (Bench::new(server, commit, count).await, Bench::new(server, commit, count).await) })
}

fn end(runtime: &Runtime, ours: Bench<Ours>, by_hand: Bench<ByHand>) {
    runtime.block_on(async {
        ours.end().await;
        by_hand.end().await;
    });
}

fn save_alone(runtime: &Runtime, server: &str) -> Vec<Ratio> {
    let (mut ours, mut by_hand) = pair(runtime, server, Commit::Asynchronous, 1_000);
    let (mut at, mut at_by_hand) = (0, 0);
    let table = compared(
        runtime,
        (&mut ours, &mut by_hand),
        ("one save, `synchronous_commit = off`", "by hand"),
        1.1,
        (LONE_ROUNDS, LONE),
        async |bench| {
            at += LONE;
            bench.save_alone(at, LONE).await;
        },
        async |bench| {
            at_by_hand += LONE;
            bench.save_alone(at_by_hand, LONE).await;
        },
    );
    end(runtime, ours, by_hand);
    table
}

/// Each caller saves one task again and again.
fn save_at_once(runtime: &Runtime, server: &str, callers: i64, turns: usize, goal: f64) -> Vec<Ratio> {
    let (mut ours, mut by_hand) = pair(runtime, server, Commit::Durable, callers);
    let table = compared(
        runtime,
        (&mut ours, &mut by_hand),
        (&format!("{callers} concurrent saves, durable"), "by hand, 16 connections"),
        goal,
        (25, callers as usize * turns),
        async |bench| bench.save_at_once(turns).await,
        async |bench| bench.save_at_once(turns).await,
    );
    end(runtime, ours, by_hand);
    table
}

fn save_batch(runtime: &Runtime, server: &str) -> Vec<Ratio> {
    fn batch<W: Way>(runtime: &Runtime, bench: &mut Bench<W>, measure: Measure) -> (Duration, u32) {
        runtime.block_on(bench.database().empty());
        let mut tasks: Vec<W::Task> = (0..BATCH).map(W::task).collect();
        let elapsed = measured(runtime, bench, measure, async |bench| bench.save_all(&mut tasks).await);
        runtime.block_on(bench.database().assert_rows(BATCH));
        (elapsed, BATCH as u32)
    }
    let (mut ours, mut by_hand) = pair(runtime, server, Commit::Durable, 0);
    let mut table = Vec::new();
    let measures = [
        (Measure::Time, "`save_all` of 10,000", Goal::AtMost(1.2)),
        (Measure::Processors, "the same, processor time of client and server", Goal::Reported),
    ];
    for (measure, name, goal) in measures {
        let first: Batch<'_> = Box::new(|| batch(runtime, &mut ours, measure));
        let second: Batch<'_> = Box::new(|| batch(runtime, &mut by_hand, measure));
        table.extend(Comparison::new().way(name, goal, first).against("binary COPY by hand", second, 30));
    }
    runtime.block_on(async {
        ours.database().empty().await;
        by_hand.database().empty().await;
    });
    end(runtime, ours, by_hand);
    table
}

fn find_at_once(runtime: &Runtime, server: &str) -> Vec<Ratio> {
    let (mut ours, mut by_hand) = pair(runtime, server, Commit::Durable, 10_000);
    let (mut at, mut at_by_hand) = (0, 0);
    let table = compared(
        runtime,
        (&mut ours, &mut by_hand),
        ("32 concurrent `find`", "by hand, 16 connections"),
        0.6,
        (60, 32 * FINDS),
        async |bench| {
            at += 1;
            bench.find_at_once(32, FINDS, at).await;
        },
        async |bench| {
            at_by_hand += 1;
            bench.find_at_once(32, FINDS, at_by_hand).await;
        },
    );
    end(runtime, ours, by_hand);
    table
}

/// The processor time of client and server for one save, in a table of a million rows against one of a thousand. The same
/// by hand says how much of that is the server's own.
fn growth_of_both(runtime: &Runtime, server: &str) -> Vec<Ratio> {
    let ours = "one save among 1,000,000 rows, processor time of client and server";
    let mut table = growth_of::<Ours>(runtime, server, (ours, Goal::AtMost(1.3)), "among 1,000 rows");
    let by_hand = "the same by hand";
    table.extend(growth_of::<ByHand>(runtime, server, (by_hand, Goal::Reported), "by hand among 1,000 rows"));
    table
}

fn growth_of<W: Way>(runtime: &Runtime, server: &str, (name, goal): (&str, Goal), baseline: &str) -> Vec<Ratio> {
    let mut large = runtime.block_on(Bench::<W>::new(server, Commit::Asynchronous, 1_000_000));
    let mut small = runtime.block_on(Bench::<W>::new(server, Commit::Asynchronous, 1_000));
    let saves = |bench: &mut Bench<W>, from: usize| {
        let elapsed = measured(runtime, bench, Measure::Processors, async |bench| bench.save_alone(from, LONE).await);
        (elapsed, LONE as u32)
    };
    let (mut at_large, mut at_small) = (0, 0);
    let first: Batch<'_> = Box::new(|| {
        at_large += LONE;
        saves(&mut large, at_large)
    });
    let second: Batch<'_> = Box::new(|| {
        at_small += LONE;
        saves(&mut small, at_small)
    });
    let table = Comparison::new().way(name, goal, first).against(baseline, second, LONE_ROUNDS);
    runtime.block_on(async {
        large.end().await;
        small.end().await;
    });
    table
}
