//! A clock that remembers, on a disk whose power fails between any two steps.

mod disk;
mod interleaved;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration as StdDuration;

use proptest::prelude::*;

use self::disk::{Simulated, crashed};
use self::interleaved::Dice;
use super::*;
use crate::clock::hybrid::{HybridClock, HybridOptions, HybridStamp, MergeError, StampError};
use crate::{Clock, ManualClock};

const NODE: NodeId = NodeId::new(1);
const NOON: i64 = 1_769_860_800_000;

fn at(millis: i64) -> EpochMs {
    EpochMs::from_millis(NOON + millis).unwrap()
}

fn options(physical: &ManualClock) -> HybridOptions {
    HybridClock::options(NODE).source(physical)
}

fn peer(physical: &ManualClock) -> HybridClock {
    HybridClock::options(NodeId::new(2)).source(physical).start()
}

/// One run of the program: how its clock moves, and after how many steps on the disk the power fails.
#[derive(Clone, Debug)]
struct Run {
    moves: Vec<i64>,
    steps: Option<usize>,
    half: bool,
    renamed: bool,
    torn: usize,
}

fn run() -> impl Strategy<Value = Run> {
    let moves = prop::collection::vec(prop_oneof![3 => 0..200_i64, 1 => -2_000..2_000_i64], 0..40);
    (moves, prop::option::of(0..25_usize), any::<bool>(), any::<bool>(), any::<usize>())
        .prop_map(|(moves, steps, half, renamed, torn)| Run { moves, steps, half, renamed, torn })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn crash_between_any_two_steps_does_not_take_the_clock_back(runs in prop::collection::vec(run(), 1..8)) {
        let storage = Simulated::default();
        let physical = Clock::manual(at(0));
        let mut last: Option<HybridStamp> = None;
        let mut shown = EpochMs::UNIX_EPOCH;
        let mut highest = physical.now();
        for (crashes, Run { moves, steps, half, renamed, torn }) in (1..).zip(runs) {
            storage.with(|disk| (disk.steps_left, disk.half) = (steps, half));
            if let Ok(clock) = storage.clock(&options(&physical)) {
                for by in moves {
                    physical.set(EpochMs::from_millis(physical.now().as_millis() + by).unwrap());
                    highest = highest.max(physical.now());
                    let now = clock.now();
                    prop_assert!(now >= shown, "{now} after {shown}");
                    shown = now;
                    if let Ok(stamp) = clock.stamp() {
                        prop_assert!(Some(stamp) > last && stamp.time() >= shown, "{stamp} after {last:?} and {shown}");
                        (last, shown) = (Some(stamp), stamp.time());
                    }
                }
                // Whether the last write of a clock that ends comes through is left to the steps, too.
            } else {
                prop_assert!(storage.with(|disk| disk.failed), "a clock starts while the power is on");
            }
            storage.with(|disk| *disk = disk.after_crash(renamed, torn));
            if let Some(bytes) = storage.with(|disk| disk.real.clone()) {
                // Each crash may have come upon a stamp that is on the disk and was never given out.
                let needed = shown.saturating_add(StdDuration::from_millis(1 + crashes));
                let allowed = highest.saturating_add(options(&physical).max_ahead);
                let (_, end) = form::read(&bytes).unwrap();
                prop_assert!(end <= needed.max(allowed), "{end} after {shown}, and {highest} of the physical clock");
            }
        }
    }
}

#[test]
fn clock_that_ends_well_goes_on_where_it_was() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let before = storage.clock(&options(&physical)).unwrap().stamp().unwrap();
    assert_eq!(before.time(), at(0));
    physical.set(at(-3_600_000));
    let clock = storage.clock(&options(&physical)).unwrap();
    assert_eq!(clock.stamp().unwrap().time(), at(1), "the end of what was given out, not of what was reserved");
    drop(clock);
    physical.set(at(50));
    assert_eq!(storage.clock(&options(&physical)).unwrap().stamp().unwrap().time(), at(50));
}

#[test]
fn clock_that_crashed_begins_at_the_end_of_what_was_reserved() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    let before = clock.stamp().unwrap();
    let after = crashed(&storage).clock(&options(&physical)).unwrap().stamp().unwrap();
    assert!(before < after);
    assert_eq!(after.time(), at(251), "half of what peers allow for");
    assert!(peer(&physical).merge(after).is_ok(), "so a peer takes it in");
}

#[test]
fn crash_passes_over_half_of_the_bound_and_two_milliseconds_at_most() {
    let passed_over = |millis: i64, counter: u16| {
        let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
        let clock = storage.clock(&options(&physical)).unwrap();
        let sent = HybridStamp::from_parts(at(millis), counter, NodeId::new(2)).unwrap();
        let last = clock.merge(sent).unwrap();
        let after = crashed(&storage).clock(&options(&physical)).unwrap().stamp().unwrap();
        after.time().saturating_duration_since(last.time())
    };
    // Around the end of what is reserved and where more is: in the middle of a millisecond, and at what is kept back of it.
    let counters = [0, 0xeffe, 0xefff, 0xfffe, u16::MAX];
    let worst = (0..300).flat_map(|millis| counters.map(|counter| passed_over(millis, counter))).max();
    assert_eq!(worst, Some(StdDuration::from_millis(252)));
}

#[test]
fn disk_is_asked_only_when_the_end_comes_near() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    storage.with(|disk| disk.steps_left = Some(0));
    for _ in 0..126 {
        assert!(clock.stamp().is_ok());
        physical.advance(StdDuration::from_millis(1));
    }
    assert!(!storage.with(|disk| disk.failed), "126 milliseconds without a write");
    assert!(clock.stamp().is_ok(), "the write fails, but some is left");
    assert!(storage.with(|disk| disk.failed));
    physical.set(at(250));
    assert!(clock.stamp().is_ok());
    physical.set(at(251));
    assert!(matches!(clock.stamp(), Err(StampError::NotRemembered(RememberError::Io { .. }))));
}

/// What it costs to be asked seldom: all that was reserved is over by then.
#[test]
fn clock_that_is_asked_once_a_second_writes_each_time() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    let before = storage.with(|disk| disk.writes);
    for second in 1..=10 {
        physical.set(at(1_000 * second));
        assert_eq!((clock.now(), clock.stamp().unwrap().time()), (physical.now(), physical.now()));
    }
    assert_eq!(storage.with(|disk| disk.writes) - before, 10);
}

#[test]
fn clock_that_can_not_remember_stands_still_and_says_so() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    storage.with(|disk| disk.failed = true);
    physical.set(at(5_000));
    assert_eq!((clock.now(), clock.now()), (at(250), at(250)), "the last time that is safe");
    let error = clock.checked_now().unwrap_err();
    assert_eq!(error.to_string(), "the clock can not remember how far it has come, so it goes no further");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "writing beside clock does not succeed");
    assert!(clock.merge(HybridStamp::from_parts(at(300), 0, NodeId::new(2)).unwrap()).is_err());
    // As soon as the disk takes it again, the clock catches up.
    storage.with(|disk| disk.failed = false);
    assert_eq!(clock.now(), at(5_000));
    assert_eq!(clock.stamp().unwrap().time(), at(5_000));
}

#[test]
fn threads_that_reach_the_end_together_are_given_different_stamps() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    let taken: BTreeSet<HybridStamp> = thread::scope(|scope| {
        let take = |_| {
            scope.spawn(|| {
                let mut stamps = Vec::new();
                for _ in 0..5_000 {
                    physical.advance(StdDuration::from_millis(1));
                    stamps.push(clock.stamp().unwrap());
                }
                stamps
            })
        };
        let threads: Vec<_> = (0..4).map(take).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(taken.len(), 20_000);
    let end = storage.with(|disk| form::read(disk.real_on_disk.as_deref().unwrap()).unwrap().1);
    assert!(taken.iter().all(|stamp| stamp.time() < end), "nothing was given out that is not on disk");
}

#[test]
fn clock_that_crashes_as_far_ahead_as_it_may_be_is_not_refused_afterwards() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    let fastest = HybridStamp::from_parts(at(400), 0, NodeId::new(3)).unwrap();
    let before = clock.merge(fastest).unwrap();
    let after = crashed(&storage).clock(&options(&physical)).unwrap().stamp().unwrap();
    assert!(before < after);
    peer(&physical).merge(after).unwrap();
}

#[test]
fn clock_that_crashes_again_and_again_is_not_refused_afterwards() {
    let (mut storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    for start in 0..20 {
        let clock = storage.clock(&options(&physical)).unwrap();
        // Some of them get to their first stamp.
        if start % 4 == 3 {
            let stamp = clock.stamp().unwrap();
            peer(&physical).merge(stamp).unwrap_or_else(|error| panic!("start {start}: {error}"));
        }
        storage = crashed(&storage);
        physical.advance(StdDuration::from_millis(100));
    }
}

#[test]
fn clock_that_was_set_back_writes_no_more_than_once_for_a_millisecond_of_stamps() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    storage.clock(&options(&physical)).unwrap().stamp().unwrap();
    physical.set(at(-3_600_000));
    let clock = storage.clock(&options(&physical)).unwrap();
    let before = storage.with(|disk| disk.writes);
    let stamps: Vec<HybridStamp> = (0..200_000).map(|_| clock.stamp().unwrap()).collect();
    assert!(stamps.is_sorted_by(|one, next| one < next));
    let writes = storage.with(|disk| disk.writes) - before;
    assert!((1..=4).contains(&writes), "{writes} writes for 200,000 stamps");
}

#[test]
fn slow_disk_holds_up_one_thread_and_the_others_only_at_the_end() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    let clock = storage.clock(&options(&physical)).unwrap();
    let (begins, begun) = channel();
    let (go_on, goes_on) = channel();
    storage.with(|disk| disk.slow = Some((begins, goes_on)));
    let told = AtomicBool::new(false);
    thread::scope(|scope| {
        physical.set(at(130));
        let writer = scope.spawn(|| clock.stamp().unwrap());
        begun.recv().unwrap();
        // On another thread, so that this one does not wait for ever if they do not go on.
        let (done, is_done) = channel();
        let other = clock.clone();
        scope.spawn(move || done.send((other.stamp().unwrap(), other.now())).unwrap());
        let went_on = is_done.recv_timeout(StdDuration::from_secs(10));
        physical.set(at(251));
        let late = scope.spawn(|| (clock.stamp().unwrap(), told.load(Ordering::SeqCst)));
        thread::sleep(StdDuration::from_millis(20));
        told.store(true, Ordering::SeqCst);
        go_on.send(()).unwrap();
        let (stamp, now) = went_on.expect("what is reserved is given out while more is being reserved");
        assert_eq!((stamp.time(), now), (at(130), at(130)));
        assert!(writer.join().unwrap().time() >= at(130));
        let (late, was_told) = late.join().unwrap();
        assert!(was_told && late.time() == at(251), "{late} was given out before it was on disk");
    });
}

#[test]
fn clock_at_either_end_of_time_goes_on_after_a_crash_as_far_as_there_is_time() {
    let bounds = [StdDuration::ZERO, StdDuration::from_millis(500), StdDuration::MAX];
    let end = EpochMs::MAX.as_millis();
    for (bound, start) in bounds.into_iter().flat_map(|bound| {
        [EpochMs::MIN.as_millis(), -1, 0, 1, NOON, end - 200, end - 1, end].map(|start| (bound, start))
    }) {
        let physical = Clock::manual(EpochMs::from_millis(start).unwrap());
        let options = options(&physical).max_ahead(bound);
        let mut storage = Simulated::default();
        let (mut last, mut shown) = (None, EpochMs::MIN);
        for _ in 0..4 {
            let clock = storage.clock(&options).unwrap();
            for _ in 0..4 {
                assert!(clock.now() >= shown, "{bound:?} from {start}: {} after {shown}", clock.now());
                shown = clock.now();
                match clock.stamp() {
                    Ok(stamp) => {
                        assert!(
                            Some(stamp) > last && stamp.time() >= shown,
                            "{bound:?} from {start}: {stamp} after {last:?}"
                        );
                        last = Some(stamp);
                    }
                    Err(error) => {
                        assert!(matches!(error, StampError::Exhausted { .. }), "{bound:?} from {start}: {error}")
                    }
                }
                physical.advance(StdDuration::from_millis(60));
            }
            let latest = HybridStamp::from_parts(EpochMs::MAX, u16::MAX, NodeId::new(2)).unwrap();
            assert!(clock.merge(latest).is_err(), "{bound:?} from {start}: nothing is later");
            storage = crashed(&storage);
        }
        assert!(last.is_some() || start > end - 200, "{bound:?} from {start}");
    }
}

#[test]
fn remembered_time_counts_as_one_that_the_physical_clock_has_shown() {
    let (storage, physical) = (Simulated::default(), Clock::manual(at(0)));
    assert_eq!(storage.clock(&options(&physical)).unwrap().stamp().unwrap().time(), at(0));
    physical.set(at(-3_600_000));
    let clock = storage.clock(&options(&physical)).unwrap();
    let received = |millis| HybridStamp::from_parts(at(millis), 0, NodeId::new(2)).unwrap();
    assert!(matches!(clock.merge(received(501)), Err(MergeError::TooFarAhead { .. })));
    assert_eq!(clock.merge(received(500)).unwrap().time(), at(500));
}
