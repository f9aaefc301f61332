//! How far an instant is from another one that the caller calls now, in words for people.
//!
//! Nothing here asks for the time. "Now" is read once from a [`Clock`](crate::Clock), so that all that one page shows is
//! seen from the same instant, and a test says which.

use std::fmt;
use std::time::Duration as StdDuration;

use super::EpochMs;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A twelfth of a year.
const MONTH: u64 = YEAR / 12;
/// The mean of the 400 years after which the calendar repeats: 365.2425 days.
const YEAR: u64 = 31_556_952 * SECOND;

const UNITS: [(u64, &str); 6] =
    [(YEAR, "year"), (MONTH, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")];

impl EpochMs {
    /// Returns how long ago this instant is, or how far ahead, as seen from `now`: a text for people.
    ///
    /// # Example
    ///
    /// ```
    /// use timestamp_core::{Clock, EpochMs};
    ///
    /// let noon: EpochMs = "2026-01-31T12:00:00Z".parse()?;
    /// let clock = Clock::manual("2026-01-31T12:03:59Z".parse()?);
    /// assert_eq!(noon.time_ago(clock.now()).to_string(), "3 minutes ago");
    /// assert_eq!(clock.now().time_ago(noon).to_string(), "in 3 minutes");
    /// # Ok::<(), timestamp_core::ParseError>(())
    /// ```
    #[must_use]
    pub const fn time_ago(self, now: Self) -> TimeAgo {
        TimeAgo { millis: self.0 - now.0 }
    }

    /// Returns whether this instant is at most `within` away from `now`.
    ///
    /// That is in both directions, because clocks differ: what another machine wrote just now may be a few milliseconds
    /// ahead of this one's clock, and is recent. What is further ahead than `within` is not.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use timestamp_core::EpochMs;
    ///
    /// let now = EpochMs::from_millis(60_000)?;
    /// assert!(EpochMs::UNIX_EPOCH.is_recent(now, Duration::from_secs(60)));
    /// assert!(!EpochMs::UNIX_EPOCH.is_recent(now, Duration::from_secs(59)));
    /// # Ok::<(), timestamp_core::OutOfRange>(())
    /// ```
    #[must_use]
    pub const fn is_recent(self, now: Self, within: StdDuration) -> bool {
        self.0.abs_diff(now.0) as u128 <= within.as_millis()
    }
}

/// How long ago an instant is, or how far ahead: what [`EpochMs::time_ago`] returns.
///
/// Its text is in English: `3 minutes ago`, `in 2 days`, and `now` below a second. It counts the largest unit of which there
/// is a whole one, and drops the rest. A year is 365.2425 days, a month the twelfth of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeAgo {
    /// Negative in the past.
    millis: i64,
}

impl fmt::Display for TimeAgo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distance = self.millis.unsigned_abs();
        let Some((count, unit)) =
            UNITS.into_iter().map(|(length, unit)| (distance / length, unit)).find(|(count, _)| *count > 0)
        else {
            return f.pad("now");
        };
        let plural = if count == 1 { "" } else { "s" };
        f.pad(&if self.millis < 0 {
            format!("{count} {unit}{plural} ago")
        } else {
            format!("in {count} {unit}{plural}")
        })
    }
}
