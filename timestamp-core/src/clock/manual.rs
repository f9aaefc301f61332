//! `ManualClock`: a clock for tests, moved by hand.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration as StdDuration;

use super::{Clock, Source};
use crate::EpochMs;

/// The time of a manual clock, shared by every clone of it.
pub(super) struct ManualTime {
    shown: AtomicI64,
    /// What each reading moves it by, in milliseconds; never negative.
    step: AtomicI64,
}

impl ManualTime {
    /// A reading, which moves the clock on if it was told so.
    pub(super) fn now(&self) -> EpochMs {
        match self.step.load(Ordering::SeqCst) {
            0 => self.shown(),
            step => EpochMs::saturating_from_millis(self.advance(step)),
        }
    }

    /// What the next reading will be.
    pub(super) fn shown(&self) -> EpochMs {
        EpochMs::saturating_from_millis(self.shown.load(Ordering::SeqCst))
    }

    /// Moves the time on and returns what it was before.
    fn advance(&self, by: i64) -> i64 {
        let forward = |now: i64| Some(EpochMs::saturating_from_millis(now.saturating_add(by)).as_millis());
        // `forward` always answers with a value, so the update can not be refused.
        match self.shown.fetch_update(Ordering::SeqCst, Ordering::SeqCst, forward) {
            Ok(before) | Err(before) => before,
        }
    }
}

/// A clock that stands still until it is moved, made by [`Clock::manual`].
///
/// It derefs to [`Clock`], so `&manual` goes wherever a `&Clock` is asked for. Every clone, and every entity created or
/// loaded with it, sees the same time.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use timestamp_core::{Clock, EpochMs};
///
/// let clock = Clock::manual(EpochMs::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().to_string(), "1970-01-01T00:01:30.000Z");
/// clock.set(EpochMs::UNIX_EPOCH); // backwards is allowed: real clocks do it
/// assert_eq!(clock.now(), EpochMs::UNIX_EPOCH);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    clock: Clock,
}

impl ManualClock {
    pub(super) fn new(start: EpochMs) -> Self {
        let time = ManualTime { shown: AtomicI64::new(start.as_millis()), step: AtomicI64::new(0) };
        Self { clock: Clock { source: Some(Arc::new(Source::Manual(time))) } }
    }

    fn time(&self) -> &ManualTime {
        match self.clock.source.as_deref() {
            Some(Source::Manual(time)) => time,
            _ => unreachable!("`new` is the only constructor, and it makes a manual source"),
        }
    }

    /// Moves the clock forward; it stops at [`EpochMs::MAX`]. Less than a millisecond is dropped.
    pub fn advance(&self, by: StdDuration) {
        self.time().advance(whole_millis(by));
    }

    /// Lets every reading move the clock forward by `step` from now on: a reading shows the time, and the next one shows
    /// `step` more. [`Duration::ZERO`](StdDuration::ZERO) lets it stand still again; less than a millisecond is dropped.
    ///
    /// For code that reads the clock several times and has to see time pass, such as a loop with a deadline.
    ///
    /// # Example: a deadline is reached without waiting
    ///
    /// ```
    /// use std::time::Duration;
    /// use timestamp_core::{Clock, EpochMs};
    ///
    /// let clock = Clock::manual(EpochMs::UNIX_EPOCH);
    /// clock.auto_advance(Duration::from_secs(1));
    /// let deadline = clock.now().saturating_add(Duration::from_secs(3));
    /// let mut tries = 0;
    /// while clock.now() < deadline {
    ///     tries += 1;
    /// }
    /// assert_eq!(tries, 2); // at 1 s and at 2 s
    /// ```
    pub fn auto_advance(&self, step: StdDuration) {
        self.time().step.store(whole_millis(step), Ordering::SeqCst);
    }

    /// Sets the clock to `now`, forwards or backwards.
    pub fn set(&self, now: EpochMs) {
        self.time().shown.store(now.as_millis(), Ordering::SeqCst);
    }
}

fn whole_millis(duration: StdDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Deref for ManualClock {
    type Target = Clock;

    fn deref(&self) -> &Clock {
        &self.clock
    }
}

impl From<ManualClock> for Clock {
    fn from(manual: ManualClock) -> Self {
        manual.clock
    }
}
