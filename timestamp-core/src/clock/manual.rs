//! `ManualClock`: a clock for tests, moved by hand.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration as StdDuration;

use super::{Clock, Source};
use crate::EpochMs;

/// The time of a manual clock, shared by every clone of it.
pub(super) struct ManualTime(AtomicI64);

impl ManualTime {
    pub(super) fn now(&self) -> EpochMs {
        EpochMs::saturating_from_millis(self.0.load(Ordering::SeqCst))
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
        let time = ManualTime(AtomicI64::new(start.as_millis()));
        Self { clock: Clock { source: Some(Arc::new(Source::Manual(time))) } }
    }

    fn time(&self) -> &AtomicI64 {
        match self.clock.source.as_deref() {
            Some(Source::Manual(ManualTime(time))) => time,
            None => unreachable!("`new` is the only constructor, and it makes a manual source"),
        }
    }

    /// Moves the clock forward; it stops at [`EpochMs::MAX`]. Less than a millisecond is dropped.
    pub fn advance(&self, by: StdDuration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let forward = |now: i64| Some(EpochMs::saturating_from_millis(now.saturating_add(by)).as_millis());
        // `forward` always answers with a value, so the update can not be refused.
        let _ = self.time().fetch_update(Ordering::SeqCst, Ordering::SeqCst, forward);
    }

    /// Sets the clock to `now`, forwards or backwards.
    pub fn set(&self, now: EpochMs) {
        self.time().store(now.as_millis(), Ordering::SeqCst);
    }
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
