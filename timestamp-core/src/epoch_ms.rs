//! `EpochMs`: an instant in UTC, in whole milliseconds.
//!
//! Every `EpochMs` that exists lies in the years 0000 to 9999, so its text has one width and sorts as the instants do,
//! and every one of them fits wherever it has to go: a signed 64-bit column, an RFC 3339 text, a `time::UtcDateTime`.
//!
//! This file is the only one that knows the `time` library; the calendar and the texts are done here, by hand.

mod civil;
mod distance;
#[cfg(feature = "utoipa")]
mod openapi;
mod parse;
mod plausible;
mod serde;
mod text;
mod unit;

use std::fmt;
use std::time::Duration as StdDuration;

use time::{Duration, UtcDateTime};

pub use self::distance::TimeAgo;
pub use self::parse::{Assume, Offset, ParseError, Suffix};
pub use self::plausible::{Implausible, PlausibleRange};
pub use self::text::EpochMsText;
pub use self::unit::EpochUnit;

/// An instant, UTC, in whole milliseconds since 1970; only the years 0000 to 9999 can exist.
///
/// Eight bytes. Its text is RFC 3339 with three digits and `Z`, in [`Display`](fmt::Display), `Debug` and serde alike:
/// always 24 characters, and in the order of the instants. Reading accepts any offset; see [`ParseError`] for what it
/// refuses. Text without an offset is read by [`parse_naive`](Self::parse_naive), a number by the function that names its
/// unit, such as [`from_seconds`](Self::from_seconds).
///
/// There is no `now` here: time comes from a [`Clock`](crate::Clock). There is no `Default` either, because no instant
/// is a good one for lack of another.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use timestamp_core::EpochMs;
///
/// let noon: EpochMs = "2026-01-31T13:00:00+01:00".parse()?;
/// assert_eq!(noon.to_string(), "2026-01-31T12:00:00.000Z");
/// assert_eq!(noon.as_millis(), 1_769_860_800_000);
///
/// let later = noon.saturating_add(Duration::from_secs(90));
/// assert_eq!(later.saturating_duration_since(noon), Duration::from_secs(90));
/// # Ok::<(), timestamp_core::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochMs(i64);

impl EpochMs {
    /// The first instant there is, 0000-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_167_219_200_000);

    /// The last instant there is, 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// 1970-01-01T00:00:00.000Z, where the milliseconds are 0.
    pub const UNIX_EPOCH: Self = Self(0);

    /// Returns the instant this many milliseconds after 1970, or before it if negative.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999.
    ///
    /// # Example
    ///
    /// ```
    /// use timestamp_core::EpochMs;
    ///
    /// assert_eq!(EpochMs::from_millis(-1)?.to_string(), "1969-12-31T23:59:59.999Z");
    /// assert!(EpochMs::from_millis(i64::MAX).is_err());
    /// # Ok::<(), timestamp_core::OutOfRange>(())
    /// ```
    #[inline]
    pub const fn from_millis(millis: i64) -> Result<Self, OutOfRange> {
        if millis < Self::MIN.0 || millis > Self::MAX.0 { Err(OutOfRange(())) } else { Ok(Self(millis)) }
    }

    /// Returns the milliseconds since 1970, negative before it.
    #[must_use]
    #[inline]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant `by` later, or `None` if that is after [`MAX`](Self::MAX).
    ///
    /// What `by` holds below a millisecond is dropped, here and in the three that follow, so that adding and
    /// subtracting the same duration leads back to the same instant.
    #[must_use]
    #[inline]
    pub fn checked_add(self, by: StdDuration) -> Option<Self> {
        let millis = i64::try_from(by.as_millis()).ok()?;
        Self::from_millis(self.0.checked_add(millis)?).ok()
    }

    /// Returns the instant `by` earlier, or `None` if that is before [`MIN`](Self::MIN).
    #[must_use]
    #[inline]
    pub fn checked_sub(self, by: StdDuration) -> Option<Self> {
        let millis = i64::try_from(by.as_millis()).ok()?;
        Self::from_millis(self.0.checked_sub(millis)?).ok()
    }

    /// Returns the instant `by` later, but none after [`MAX`](Self::MAX).
    #[must_use]
    #[inline]
    pub fn saturating_add(self, by: StdDuration) -> Self {
        self.checked_add(by).unwrap_or(Self::MAX)
    }

    /// Returns the instant `by` earlier, but none before [`MIN`](Self::MIN).
    #[must_use]
    #[inline]
    pub fn saturating_sub(self, by: StdDuration) -> Self {
        self.checked_sub(by).unwrap_or(Self::MIN)
    }

    /// Returns the time from `earlier` to this instant, or `None` if `earlier` is the later one.
    ///
    /// # Example: which of the two is later
    ///
    /// ```
    /// use std::time::Duration;
    /// use timestamp_core::EpochMs;
    ///
    /// let later = EpochMs::from_millis(250)?;
    /// assert_eq!(later.checked_duration_since(EpochMs::UNIX_EPOCH), Some(Duration::from_millis(250)));
    /// assert_eq!(EpochMs::UNIX_EPOCH.checked_duration_since(later), None);
    /// # Ok::<(), timestamp_core::OutOfRange>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn checked_duration_since(self, earlier: Self) -> Option<StdDuration> {
        (self >= earlier).then(|| StdDuration::from_millis(self.0.abs_diff(earlier.0)))
    }

    /// Returns the time from `earlier` to this instant, or zero if `earlier` is the later one, as it may be when both
    /// were read from a clock.
    #[must_use]
    #[inline]
    pub fn saturating_duration_since(self, earlier: Self) -> StdDuration {
        self.checked_duration_since(earlier).unwrap_or(StdDuration::ZERO)
    }

    #[inline]
    pub(crate) fn saturating_from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    #[inline]
    pub(crate) fn saturating_from_parts(secs: u64, millis: u32) -> Self {
        // Beyond the year 9999 in seconds, the product could overflow; up to it, it can not.
        if secs > (Self::MAX.0 / 1000) as u64 { Self::MAX } else { Self(secs as i64 * 1000 + i64::from(millis)) }
    }
}

/// Rounds towards the past, before 1970 too, so that two instants and their milliseconds are never in another order.
impl TryFrom<UtcDateTime> for EpochMs {
    type Error = OutOfRange;

    /// Returns the millisecond that `at` lies in.
    ///
    /// # Errors
    ///
    /// A year before 0000, or after 9999 if some crate in the program asks `time` for `large-dates`.
    fn try_from(at: UtcDateTime) -> Result<Self, OutOfRange> {
        // Seconds are floored by `time`, and what follows them is counted forward from there.
        Self::from_millis(at.unix_timestamp() * 1000 + i64::from(at.millisecond()))
    }
}

impl From<EpochMs> for UtcDateTime {
    fn from(at: EpochMs) -> Self {
        // It can not overflow: `time` reaches from the year -9999 to 9999.
        Self::UNIX_EPOCH + Duration::milliseconds(at.0)
    }
}

/// An instant outside the years 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange(());

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the instant lies outside the years 0000 to 9999")
    }
}

impl std::error::Error for OutOfRange {}
