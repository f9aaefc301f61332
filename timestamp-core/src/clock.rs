//! `Clock`: the only source of "now".
//!
//! An entity carries the clock it was created or loaded with, so a test moves time for the entities it made and for
//! nothing else; there is no global clock to swap.
//!
//! This file holds the only call of the system clock in the workspace (law 12), and the one of the monotonic clock that it
//! is compared with.

pub(crate) mod hybrid;
mod manual;
mod watched;

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use self::hybrid::{HybridClock, HybridTime, NodeId};
pub use self::manual::ManualClock;
use self::manual::ManualTime;
use self::watched::WatchedTime;
pub use self::watched::{ClockJumps, WatchedClock};
use crate::EpochMs;

/// Where an entity, or a store, reads the time.
///
/// As large as a pointer, and cheap to clone: nothing for the system clock, one reference count for any other.
///
/// # Example
///
/// ```
/// use timestamp_core::{Clock, EpochMs};
///
/// let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse()?;
/// let clock = Clock::manual(noon);
/// assert_eq!(clock.now(), noon);
/// # Ok::<(), timestamp_core::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Clock {
    /// `None` is the system clock: the common case costs no reference count.
    source: Option<Arc<Source>>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there are few clocks, each behind an `Arc`, and no further step to the time"
)]
enum Source {
    Manual(ManualTime),
    Hybrid(HybridTime),
    Watched(WatchedTime),
}

impl Clock {
    /// Returns the clock of the operating system.
    ///
    /// A time before the year 0000 or after 9999 saturates. On `wasm32-unknown-unknown` there is no such clock, and
    /// [`now`](Self::now) panics, as the standard library does there; use [`Clock::manual`].
    #[must_use]
    pub const fn system() -> Self {
        Self { source: None }
    }

    /// Returns a clock that stands still at `start` until a test moves it.
    #[must_use]
    pub fn manual(start: EpochMs) -> ManualClock {
        ManualClock::new(start)
    }

    /// Returns a hybrid logical clock over the system clock: it never goes back, and its stamps are in the order in which
    /// things happened, across every node that passes them on.
    ///
    /// It forgets when the process ends. [`HybridClock::options`] has the clock that remembers, and the one over another source
    /// than the system clock, which `wasm32-unknown-unknown` needs: this one reads the clock at once, and panics there.
    #[must_use]
    pub fn hybrid(node: NodeId) -> HybridClock {
        HybridClock::options(node).start()
    }

    /// Returns the system clock with somebody who watches it: jumps are noticed and counted.
    ///
    /// It reads the clock at once, so on `wasm32-unknown-unknown` it panics.
    #[must_use]
    pub fn watched() -> WatchedClock {
        WatchedClock::new(&Self::system(), WatchedClock::THRESHOLD)
    }

    /// Returns the current time.
    ///
    /// Two readings may be equal, and unless the clock is a [hybrid](Self::hybrid) one, the second may be the earlier one:
    /// system clocks are set back. [`touch`](crate::Timestamped::touch) copes with both.
    #[must_use]
    #[inline]
    pub fn now(&self) -> EpochMs {
        match &self.source {
            None => system_now(),
            Some(source) => source.now(),
        }
    }

    /// Returns the current time for those who look after a clock: a manual one that advances by itself stays where it is.
    fn shown(&self) -> EpochMs {
        match self.source.as_deref() {
            Some(Source::Manual(time)) => time.shown(),
            Some(Source::Watched(time)) => time.shown(),
            Some(Source::Hybrid(_)) | None => self.now(),
        }
    }
}

impl Source {
    fn now(&self) -> EpochMs {
        match self {
            Self::Manual(time) => time.now(),
            Self::Hybrid(time) => time.now(),
            Self::Watched(time) => time.now(),
        }
    }
}

#[inline]
#[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for the time")]
fn system_now() -> EpochMs {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => EpochMs::saturating_from_parts(since.as_secs(), since.subsec_millis()),
        Err(before) => before_1970(before.duration()),
    }
}

/// Returns a reading of the clock that nobody can set, where there is one.
fn monotonic_now() -> Option<Instant> {
    // The standard library panics there.
    if cfg!(all(target_family = "wasm", target_os = "unknown")) { None } else { Some(Instant::now()) }
}

#[cold]
fn before_1970(before: std::time::Duration) -> EpochMs {
    // Rounded towards the past, so that an instant and its milliseconds are always in the same order.
    let millis = before.as_nanos().div_ceil(1_000_000);
    EpochMs::saturating_from_millis(i64::try_from(millis).map_or(i64::MIN, |millis| -millis))
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// Reads no clock, so that a debugger or a log moves nothing.
impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source.as_deref() {
            None => f.write_str("Clock::system()"),
            Some(Source::Manual(time)) => write!(f, "Clock::manual({})", time.shown()),
            Some(Source::Hybrid(time)) => write!(f, "Clock::hybrid({})", time.last()),
            Some(Source::Watched(time)) => write!(f, "Clock::watched({:?})", time.source()),
        }
    }
}
