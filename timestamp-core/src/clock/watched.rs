//! `WatchedClock`: notices when a clock jumps.
//!
//! A clock that is set, by hand or by time synchronisation, moves otherwise than time does. The monotonic clock of the
//! machine can not be set, so the difference between the two changes only when the watched clock jumps.
//!
//! # How it stays cheap
//!
//! Reading the monotonic clock takes as long as reading the system clock. So a reading of a watched clock looks only at
//! what it has read: whether it is [`EVERY`] milliseconds or more after the last comparison, or before it. Only then are
//! the two compared. Nothing is lost by that: a jump changes the difference for good.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration as StdDuration, Instant};

use super::{Clock, Source, monotonic_now};
use crate::EpochMs;

/// Milliseconds of the watched clock between two comparisons.
const EVERY: i64 = 16;

/// What two clocks that were never set may run apart: a thousandth, twice of what time synchronisation slews by.
const RUN_APART: i64 = 1000;

/// Milliseconds within which the two clocks are read at the same time.
const BLURRED: i64 = 2;

/// How often the clocks are read at the start until they are read at the same time. A machine that keeps a thread waiting
/// each time gets a start that may be wrong by as much as the last wait.
const STARTS: usize = 10;

/// The shortest jump that can be told from the rounding of the clocks, in milliseconds.
const SHORTEST: i64 = 10;

/// How often a clock has jumped, and how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockJumps {
    /// Jumps into the future. A machine that slept makes one too.
    pub forward: u64,
    /// Jumps into the past.
    pub backward: u64,
    /// The longest jump into the future.
    pub longest_forward: StdDuration,
    /// The longest jump into the past.
    pub longest_backward: StdDuration,
}

/// Jumps in one direction.
#[derive(Default)]
struct Counted {
    count: AtomicU64,
    longest: AtomicU64,
}

impl Counted {
    fn add(&self, millis: i64) {
        self.longest.fetch_max(millis.unsigned_abs(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn longest(&self) -> StdDuration {
        StdDuration::from_millis(self.longest.load(Ordering::Relaxed))
    }
}

/// Compares a clock with the monotonic one, and counts.
pub(super) struct Watch {
    /// Where the monotonic clock's milliseconds begin; `None` where there is no such clock.
    begun: Option<Instant>,
    threshold: i64,
    /// What the watched clock showed at the last comparison.
    compared: AtomicI64,
    /// When that was, in monotonic milliseconds.
    compared_at: AtomicI64,
    /// The watched clock minus the monotonic one, in milliseconds.
    difference: AtomicI64,
    forward: Counted,
    backward: Counted,
}

impl Watch {
    /// Watches this clock from now on.
    pub(super) fn over(source: &Clock, threshold: StdDuration) -> Self {
        let begun = monotonic_now();
        let start = begun.map(|begun| at_the_same_time(|| readings(begun, source)));
        Self::begin(begun, start.unwrap_or_else(|| (source.shown().as_millis(), 0)), threshold)
    }

    fn begin(begun: Option<Instant>, (shown, at): (i64, i64), threshold: StdDuration) -> Self {
        Self {
            begun,
            threshold: i64::try_from(threshold.as_millis()).unwrap_or(i64::MAX).max(SHORTEST),
            compared: AtomicI64::new(shown),
            compared_at: AtomicI64::new(at),
            difference: AtomicI64::new(shown - at),
            forward: Counted::default(),
            backward: Counted::default(),
        }
    }

    /// Compares the clocks if it is time for it.
    #[inline]
    pub(super) fn notice(&self, shown: EpochMs, source: &Clock) {
        let passed = shown.as_millis() - self.compared.load(Ordering::Relaxed);
        // As an unsigned number a step into the past is a large one.
        if passed as u64 >= EVERY as u64 {
            self.compare(source);
        }
    }

    #[cold]
    fn compare(&self, source: &Clock) {
        if let Some(begun) = self.begun {
            self.judge(|| readings(begun, source));
        }
    }

    /// `read` reads the watched clock between two readings of the monotonic one. If the thread was kept waiting between
    /// them, nobody can say what the difference was, and the next reading of the clock compares again.
    fn judge(&self, read: impl FnOnce() -> (i64, i64, i64)) {
        // Before the clocks are read. If this is still the difference afterwards, then nobody has judged meanwhile.
        let difference = self.difference.load(Ordering::Acquire);
        let (before, shown, after) = read();
        if after - before > BLURRED {
            return;
        }
        let measured = shown - after;
        // Small changes are followed, so that they do not add up to a jump.
        let first = self.difference.compare_exchange(difference, measured, Ordering::AcqRel, Ordering::Relaxed);
        if first.is_err() {
            return;
        }
        self.compared.store(shown, Ordering::Relaxed);
        let passed = after - self.compared_at.swap(after, Ordering::Relaxed);
        let slack = self.threshold.saturating_add(passed / RUN_APART);
        let jump = measured.saturating_sub(difference);
        if jump > slack {
            self.forward.add(jump);
        } else if -jump > slack {
            self.backward.add(-jump);
        }
    }

    pub(super) fn jumps(&self) -> ClockJumps {
        let (forward, backward) = (&self.forward, &self.backward);
        ClockJumps {
            forward: forward.count.load(Ordering::Relaxed),
            backward: backward.count.load(Ordering::Relaxed),
            longest_forward: forward.longest(),
            longest_backward: backward.longest(),
        }
    }
}

/// Reads the watched clock between two readings of the monotonic one, and moves neither.
fn readings(begun: Instant, source: &Clock) -> (i64, i64, i64) {
    let monotonic = || i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    (monotonic(), source.shown().as_millis(), monotonic())
}

/// Returns what the two clocks show at one time: a wait between two readings would be counted as a jump afterwards.
fn at_the_same_time(mut read: impl FnMut() -> (i64, i64, i64)) -> (i64, i64) {
    let mut tries = 1;
    loop {
        let (before, shown, after) = read();
        if after - before <= BLURRED || tries == STARTS {
            return (shown, after);
        }
        tries += 1;
    }
}

/// The time of a watched clock, shared by every clone of it.
pub(super) struct WatchedTime {
    source: Clock,
    watch: Watch,
}

impl WatchedTime {
    #[inline]
    pub(super) fn now(&self) -> EpochMs {
        let now = self.source.now();
        self.watch.notice(now, &self.source);
        now
    }

    pub(super) fn source(&self) -> &Clock {
        &self.source
    }

    pub(super) fn shown(&self) -> EpochMs {
        self.source.shown()
    }
}

/// A clock whose jumps are noticed and counted, made by [`Clock::watched`].
///
/// It shows what its source shows, jumps included: it only counts. It derefs to [`Clock`], so `&watched` goes wherever a
/// `&Clock` is asked for. A jump is noticed at the first reading that is 16 milliseconds later or any time earlier than one
/// before; a clock that nobody reads is not watched. A jump to and fro between two readings leaves no trace.
///
/// # Example: what a program sees when its clock is set back
///
/// ```
/// use std::time::Duration;
/// use timestamp_core::{Clock, EpochMs, WatchedClock};
///
/// let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse()?;
/// let source = Clock::manual(noon);
/// let clock = WatchedClock::new(&source, Duration::from_secs(1));
/// source.set(noon.saturating_sub(Duration::from_secs(600)));
/// clock.now();
/// assert_eq!((clock.jumps().forward, clock.jumps().backward), (0, 1));
/// assert!(clock.jumps().longest_backward >= Duration::from_secs(600));
/// # Ok::<(), timestamp_core::ParseError>(())
/// ```
#[derive(Clone)]
pub struct WatchedClock {
    clock: Clock,
}

impl WatchedClock {
    /// What [`Clock::watched`] calls a jump: a tenth of a second.
    pub const THRESHOLD: StdDuration = StdDuration::from_millis(100);

    /// Returns a clock that shows what `source` shows, and counts as a jump what is longer than `threshold`.
    ///
    /// Less than 10 milliseconds is taken for 10, below which jumps can not be told from rounding. To the threshold comes a
    /// thousandth of the time between two comparisons, by which clocks run apart that nobody sets.
    #[must_use]
    pub fn new(source: &Clock, threshold: StdDuration) -> Self {
        let time = WatchedTime { source: source.clone(), watch: Watch::over(source, threshold) };
        Self { clock: Clock { source: Some(Arc::new(Source::Watched(time))) } }
    }

    /// Returns the jumps that were noticed up to now, by this clock and every clone of it.
    #[must_use]
    pub fn jumps(&self) -> ClockJumps {
        match self.clock.source.as_deref() {
            Some(Source::Watched(time)) => time.watch.jumps(),
            _ => unreachable!("`new` is the only constructor, and it makes a watched source"),
        }
    }
}

impl fmt::Debug for WatchedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedClock").field("clock", &self.clock).field("jumps", &self.jumps()).finish()
    }
}

impl Deref for WatchedClock {
    type Target = Clock;

    fn deref(&self) -> &Clock {
        &self.clock
    }
}

impl From<WatchedClock> for Clock {
    fn from(watched: WatchedClock) -> Self {
        watched.clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_769_860_800_000;

    fn watch() -> Watch {
        Watch::begin(monotonic_now(), (NOON, 0), StdDuration::from_millis(100))
    }

    fn counts(watch: &Watch) -> (u64, u64) {
        (watch.jumps().forward, watch.jumps().backward)
    }

    #[test]
    fn jumps_are_counted_by_direction_and_the_longest_is_kept() {
        let watch = watch();
        let mut ahead = 0;
        for (second, jump) in [0, 500, -2_000, 0, 900, 101, -101, 0].into_iter().enumerate() {
            ahead += jump;
            let at = second as i64 * 20;
            watch.judge(|| (at, NOON + at + ahead, at));
        }
        let expected = ClockJumps {
            forward: 3,
            backward: 2,
            longest_forward: StdDuration::from_millis(900),
            longest_backward: StdDuration::from_millis(2_000),
        };
        assert_eq!(watch.jumps(), expected);
    }

    #[test]
    fn thread_that_is_kept_waiting_between_two_readings_sees_no_jump() {
        let watch = watch();
        for (before, shown, after) in
            [(20, 20, 5_020), (20, 5_020, 5_020), (6_000, 6_010, 6_900), (7_000, 7_000, 7_001)]
        {
            watch.judge(|| (before, NOON + shown, after));
        }
        assert_eq!(counts(&watch), (0, 0));
        watch.judge(|| (7_020, NOON + 8_020, 7_020));
        assert_eq!(counts(&watch), (1, 0), "and a jump is still one afterwards");
    }

    #[test]
    fn thread_that_is_kept_waiting_at_the_start_sees_no_jump() {
        let mut waits = [(0, 0, 150), (150, 400, 400), (400, 401, 402), (410, 410, 410)].into_iter();
        let mut read = || waits.next().map(|(before, shown, after)| (before, NOON + shown, after)).unwrap();
        let watch = Watch::begin(None, at_the_same_time(&mut read), StdDuration::from_millis(100));
        watch.judge(read);
        assert_eq!(counts(&watch), (0, 0));
    }

    #[test]
    fn start_that_is_always_kept_waiting_is_made_at_last() {
        let mut at = 0;
        let start = at_the_same_time(|| {
            at += 100;
            (at - 100, NOON + at, at)
        });
        assert_eq!(start, (NOON + 1_000, 1_000), "the tenth");
    }

    #[test]
    fn clocks_that_run_apart_slowly_make_no_jump() {
        let watch = watch();
        // A millisecond a second, for an hour; and then over a night in which nobody read the clock.
        for second in 1..3_600 {
            watch.judge(|| (second * 1_000, NOON + second * 1_001, second * 1_000));
        }
        let (at, ahead) = (3_600_000 * 12, 3_600 * 12);
        watch.judge(|| (at, NOON + at + ahead, at));
        assert_eq!(counts(&watch), (0, 0));
        watch.judge(|| (at + 20, NOON + at + 20 + ahead + 150, at + 20));
        assert_eq!(counts(&watch), (1, 0));
    }

    #[test]
    fn jump_that_two_threads_see_is_counted_once() {
        let watch = watch();
        watch.judge(|| {
            watch.judge(|| (20, NOON + 60_020, 20));
            (20, NOON + 60_020, 20)
        });
        assert_eq!(counts(&watch), (1, 0));
    }

    #[test]
    fn clock_is_compared_only_when_it_has_moved_far_enough_or_back() {
        let watch = watch();
        let source = Clock::manual(EpochMs::from_millis(NOON + 3_600_000).unwrap());
        let at = |millis: i64| EpochMs::from_millis(NOON + millis).unwrap();
        watch.notice(at(EVERY - 1), &source);
        assert_eq!(counts(&watch), (0, 0));
        watch.notice(at(EVERY), &source);
        assert_eq!(counts(&watch), (1, 0));
        source.set(at(0));
        watch.notice(at(3_600_000 - 1), &source);
        assert_eq!(counts(&watch), (1, 1));
    }
}
