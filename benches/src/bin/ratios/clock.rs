//! A stamp of a hybrid clock, and a reading of it, against one read of the system clock.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use timestamp_benches::clock_read::clock_read;
use timestamp_benches::hybrid::{OneNumber, Stamping, TwoFields, assert_answer, ours};
use timestamp_benches::ratio::{Batch, Comparison, Goal, Ratio, repeated};
use timestamp_core::{Clock, HybridClock, NodeId};

const ROUNDS: u32 = 2_000;

/// Operations of a batch, and of each thread where there are two.
const BATCH: u32 = 1_000;
const BATCH_OF_TWO: u32 = 100_000;

pub(crate) fn ratios() -> Vec<Ratio> {
    let (hybrid, one_number, two_fields) = (ours(), OneNumber::default(), TwoFields::default());
    assert_answer(&hybrid);
    assert_answer(&one_number);
    assert_answer(&two_fields);
    let folder = TempDir::new().expect("a folder");
    let options = HybridClock::options(NodeId::new(1));
    let remembering = options.remember_in(folder.path().join("clock")).expect("a clock");
    assert_answer(&remembering);
    let (watched, system) = (Clock::watched(), Clock::system());

    let clock = || repeated(BATCH, |_| clock_read());
    let mut table = Comparison::new()
        .way("`HybridClock::stamp`", Goal::AtMost(1.3), stamps(&hybrid))
        .way("the same, remembering in a file", Goal::Reported, stamps(&remembering))
        .way("a hybrid clock by hand, one number", Goal::Reported, stamps(&one_number))
        .way("a hybrid clock by hand, two fields and a lock", Goal::Reported, stamps(&two_fields))
        .way("`now` of a hybrid clock", Goal::AtMost(1.3), repeated(BATCH, |_| hybrid.now()))
        .way("`now` of a watched clock", Goal::AtMost(1.1), repeated(BATCH, |_| watched.now()))
        .way("`now` of the system clock", Goal::AtMost(1.05), repeated(BATCH, |_| system.now()))
        .against("one clock read", clock(), ROUNDS);
    table.extend(
        Comparison::new()
            .way(
                "`HybridClock::stamp`, two threads on one clock",
                Goal::AtMost(2.0),
                of_two(|| Stamping::stamp(&hybrid)),
            )
            .way("by hand, one number, two threads", Goal::Reported, of_two(|| one_number.stamp()))
            .way("by hand, two fields and a lock, two threads", Goal::Reported, of_two(|| two_fields.stamp()))
            .way("`now` of a hybrid clock, two threads", Goal::Reported, of_two(|| hybrid.now()))
            .way("one clock read in each of two threads", Goal::Reported, of_two(clock_read))
            .against("one clock read in one thread", clock(), 200),
    );
    table.extend(
        Comparison::new()
            .way(
                "`HybridClock::stamp`, two threads on one clock",
                Goal::AtMost(2.0),
                of_two(|| Stamping::stamp(&hybrid)),
            )
            .way("by hand, one number, two threads", Goal::Reported, of_two(|| one_number.stamp()))
            .against("one clock read in each of two threads", of_two(clock_read), 200),
    );
    table
}

fn stamps(clock: &impl Stamping) -> Batch<'_> {
    repeated(BATCH, |_| Stamping::stamp(clock))
}

/// Times what each of two threads takes for one operation while the other one does the same.
fn of_two<'a, T>(operation: impl Fn() -> T + Sync + 'a) -> Batch<'a> {
    Box::new(move || {
        let together = Barrier::new(2);
        let run = || {
            together.wait();
            let start = Instant::now();
            for _ in 0..BATCH_OF_TWO {
                black_box(operation());
            }
            start.elapsed()
        };
        let times: Duration = std::thread::scope(|scope| {
            let threads = [scope.spawn(run), scope.spawn(run)];
            threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
        });
        (times / 2, BATCH_OF_TWO)
    })
}
