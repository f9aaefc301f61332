//! Hybrid logical clocks by hand, as the baselines of ours.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use timestamp_core::{Clock, HybridClock, NodeId};

use crate::clock_read::clock_read;

/// A hybrid clock that can be measured.
pub trait Stamping: Sync {
    /// Returns a stamp as one number, greater than every one before.
    fn stamp(&self) -> u64;
}

impl Stamping for HybridClock {
    #[inline]
    fn stamp(&self) -> u64 {
        let stamp = Self::stamp(self).expect("a stamp");
        ((stamp.time().as_millis() as u64) << 16) | u64::from(stamp.counter())
    }
}

/// The least that is right while the process runs: no bound, no memory, nobody who watches the clock.
#[derive(Debug, Default)]
pub struct OneNumber(AtomicU64);

impl Stamping for OneNumber {
    #[inline]
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
}

/// The textbook's: time and counter in two fields, under a lock.
#[derive(Debug, Default)]
pub struct TwoFields(Mutex<(u64, u16)>);

impl Stamping for TwoFields {
    #[inline]
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
pub fn assert_answer(clock: &impl Stamping) {
    let before = clock_read() as u64;
    let stamps: Vec<u64> = (0..100_000).map(|_| clock.stamp()).collect();
    assert!(stamps.is_sorted_by(|one, next| one < next));
    assert!(stamps[0] >> 16 >= before && stamps[99_999] >> 16 <= clock_read() as u64 + 1);
}
