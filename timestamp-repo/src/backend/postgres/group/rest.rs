//! When a table's saves go together again after the server has refused to write a group of them.
//!
//! Some refusals are for ever, such as that of a table with a constraint that no group can look at; others end when
//! somebody grants a privilege, or a migration is over. They are not told apart: a group is tried again after a while,
//! and less and less often. One that is refused costs its members a round trip.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// Whether groups of a table rest.
#[derive(Default)]
pub(super) struct Rest {
    /// Nearly always false, and looked at without the lock.
    may_rest: AtomicBool,
    resting: Mutex<Option<Resting>>,
}

struct Resting {
    until: Instant,
    pause: Duration,
}

impl Rest {
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.may_rest.load(Ordering::Relaxed) && self.lock().as_ref().is_some_and(|resting| now < resting.until)
    }

    /// A group was refused. Returns whether the last one was not.
    pub(super) fn begin(&self, now: Instant) -> bool {
        let mut resting = self.lock();
        let is_first = resting.is_none();
        let pause = match &*resting {
            // Two were on their way at once.
            Some(resting) if now < resting.until => return false,
            Some(resting) => (resting.pause * 2).min(LONGEST),
            None => FIRST,
        };
        *resting = Some(Resting { until: now + pause, pause });
        self.may_rest.store(true, Ordering::Relaxed);
        is_first
    }

    /// A group was written.
    pub(super) fn end(&self) {
        if self.may_rest.swap(false, Ordering::Relaxed) {
            *self.lock() = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Resting>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_tried_less_and_less_often_and_at_once_after_one_went_well() {
        let (rest, mut now) = (Rest::default(), Instant::now());
        assert!(!rest.is_on(now));
        for round in 0..12 {
            let pause = (FIRST * (1 << round)).min(LONGEST);
            assert_eq!(rest.begin(now), round == 0);
            assert!(!rest.begin(now), "the second of two that were on their way changes nothing");
            assert!(rest.is_on(now) && rest.is_on(now + pause - Duration::from_millis(1)));
            now += pause;
            assert!(!rest.is_on(now));
        }
        rest.end();
        assert!(rest.begin(now));
        assert!(!rest.is_on(now + FIRST));
    }
}
