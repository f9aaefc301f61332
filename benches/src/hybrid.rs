//! Hybrid logical clocks by hand, as the baselines of ours.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use timestamp_core::{Clock, HybridClock, HybridStamp, NodeId};

use crate::clock_read::clock_read;

/// A hybrid clock that can be measured.
pub trait Stamping: Sync {
    /// What it gives out.
    type Stamp: Copy + Ord;

    /// Returns a stamp greater than every one before.
    fn stamp(&self) -> Self::Stamp;

    /// Returns the milliseconds since 1970 of a stamp.
    fn millis(stamp: Self::Stamp) -> u64;
}

impl Stamping for HybridClock {
    type Stamp = HybridStamp;

    #[inline(always)]
    fn stamp(&self) -> HybridStamp {
        Self::stamp(self).expect("a stamp")
    }

    fn millis(stamp: HybridStamp) -> u64 {
        stamp.time().as_millis() as u64
    }
}

/// The least that is right while the process runs: no bound, no memory, nobody who watches the clock.
#[derive(Debug, Default)]
pub struct OneNumber(AtomicU64);

impl Stamping for OneNumber {
    type Stamp = u64;

    #[inline(always)]
    fn stamp(&self) -> u64 {
        let physical = (clock_read() as u64) << 16;
        let mut last = self.0.load(Ordering::Relaxed);
        loop {
            let next = (last + 1).max(physical);
            match self.0.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return next,
                Err(other) => last = other,
            }
        }
    }

    fn millis(stamp: u64) -> u64 {
        stamp >> 16
    }
}

/// The textbook's: time and counter in two fields, under a lock.
#[derive(Debug, Default)]
pub struct TwoFields(Mutex<(u64, u16)>);

impl Stamping for TwoFields {
    type Stamp = u64;

    #[inline(always)]
    fn stamp(&self) -> u64 {
        let mut last = self.0.lock().expect("a clock");
        let physical = clock_read() as u64;
        if physical > last.0 {
            *last = (physical, 0);
        } else if let Some(counter) = last.1.checked_add(1) {
            last.1 = counter;
        } else {
            *last = (last.0 + 1, 0);
        }
        (last.0 << 16) | u64::from(last.1)
    }

    fn millis(stamp: u64) -> u64 {
        stamp >> 16
    }
}

/// Returns ours over the system clock.
#[must_use]
pub fn ours() -> HybridClock {
    Clock::hybrid(NodeId::new(1))
}

/// Asserts that stamps grow, and stay at the system clock.
///
/// # Panics
///
/// If they do not.
pub fn assert_answer<C: Stamping>(clock: &C) {
    let before = clock_read() as u64;
    let stamps: Vec<C::Stamp> = (0..100_000).map(|_| clock.stamp()).collect();
    assert!(stamps.is_sorted_by(|one, next| one < next));
    assert!(C::millis(stamps[0]) >= before && C::millis(stamps[99_999]) <= clock_read() as u64 + 1);
}
