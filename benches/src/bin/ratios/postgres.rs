//! Saving and loading on PostgreSQL.

use std::time::{Duration, Instant};

use timestamp_benches::postgres::{Bench, ByHand, Commit, Ours, Way, server};
use timestamp_benches::ratio::{Batch, Comparison, Goal, Ratio};
use tokio::runtime::{Builder, Runtime};

/// Saves per round of the lone ones.
const LONE: usize = 400;

/// Entities of a batch.
const BATCH: i64 = 10_000;

/// Loads of each caller per round.
const FINDS: usize = 100;

pub(crate) fn ratios() -> Vec<Ratio> {
    let Some(server) = server() else {
        eprintln!("`postgres` is left out: TIMESTAMP_TEST_POSTGRES names no server, see scripts/services");
        return Vec::new();
    };
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut table = lone_save(&one, &server);
    table.extend(save_at_once(&many, &server, 32, 20, 0.60));
    table.extend(save_at_once(&many, &server, 256, 6, 0.38));
    table.extend(save_all(&one, &server));
    table.extend(find_at_once(&many, &server));
    table.extend(growth(&one, &server));
    table
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

fn lone_save(runtime: &Runtime, server: &str) -> Vec<Ratio> {
    let (mut ours, mut by_hand) = pair(runtime, server, Commit::Asynchronous, 1_000);
    let table = compared(
        runtime,
        (&mut ours, &mut by_hand),
        ("one save, `synchronous_commit = off`", "by hand"),
        1.1,
        (60, LONE),
        async |bench| bench.save_alone(0, LONE).await,
        async |bench| bench.save_alone(0, LONE).await,
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

fn save_all(runtime: &Runtime, server: &str) -> Vec<Ratio> {
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
fn growth(runtime: &Runtime, server: &str) -> Vec<Ratio> {
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
    let table = Comparison::new().way(name, goal, first).against(baseline, second, 60);
    runtime.block_on(async {
        large.end().await;
        small.end().await;
    });
    table
}
