//! Numbers to an instant and back: only with their unit named.
//!
//! Whole numbers round towards the past, so that two instants and their numbers are never in another order. A floating
//! point number is rounded to the nearest millisecond instead: it holds next to no millisecond exactly, and rounding the
//! error down would move half of the instants by one on every way there and back.

use std::fmt;

use super::{EpochMs, OutOfRange};

/// 1601-01-01, where Windows and WebKit begin to count.
const SINCE_1601: i64 = 11_644_473_600_000;

/// 2001-01-01, where Apple's frameworks begin to count.
const UNTIL_2001: i64 = 978_307_200_000;

/// The Julian day of 1970-01-01T00:00:00Z; Julian days begin at noon.
const JULIAN_DAY_OF_1970: f64 = 2_440_587.5;

const MILLIS_PER_DAY: f64 = 86_400_000.0;

impl EpochMs {
    /// Returns the instant this many seconds after 1970, as `time_t` and JSON Web Tokens count.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999, here and in all that follow.
    #[inline]
    pub const fn from_seconds(seconds: i64) -> Result<Self, OutOfRange> {
        match seconds.checked_mul(1000) {
            Some(millis) => Self::from_millis(millis),
            None => Err(OutOfRange(())),
        }
    }

    /// Returns the millisecond that this microsecond after 1970 lies in.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999.
    #[inline]
    pub const fn from_micros(micros: i64) -> Result<Self, OutOfRange> {
        Self::from_millis(micros.div_euclid(1000))
    }

    /// Returns the millisecond that this nanosecond after 1970 lies in.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999.
    #[inline]
    pub const fn from_nanos(nanos: i128) -> Result<Self, OutOfRange> {
        let millis = nanos.div_euclid(1_000_000);
        if millis < Self::MIN.0 as i128 || millis > Self::MAX.0 as i128 {
            return Err(OutOfRange(()));
        }
        Self::from_millis(millis as i64)
    }

    /// Returns the instant of a Julian day, as SQLite's `julianday()` counts: days since noon in Greenwich on 24 November
    /// -4713. It is rounded to the nearest millisecond, and from the middle of two towards the past.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999, or what is not a number.
    #[inline]
    pub fn from_julian_day(days: f64) -> Result<Self, OutOfRange> {
        Self::from_float_millis((days - JULIAN_DAY_OF_1970) * MILLIS_PER_DAY)
    }

    /// Returns the millisecond that a FILETIME of Windows lies in: 100 nanoseconds each, since 1601.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999.
    #[inline]
    pub const fn from_filetime(ticks: i64) -> Result<Self, OutOfRange> {
        Self::from_millis(ticks.div_euclid(10_000) - SINCE_1601)
    }

    /// Returns the millisecond that a time of WebKit lies in: microseconds since 1601, as Chrome's databases hold them.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999.
    #[inline]
    pub const fn from_webkit(micros: i64) -> Result<Self, OutOfRange> {
        // It can not overflow: the quotient is far from the limits.
        Self::from_millis(micros.div_euclid(1000) - SINCE_1601)
    }

    /// Returns the instant this many seconds after 2001, as Apple's Cocoa and Core Data count. It is rounded to the nearest
    /// millisecond, and from the middle of two towards the past.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999, or what is not a number.
    #[inline]
    pub fn from_cocoa_seconds(seconds: f64) -> Result<Self, OutOfRange> {
        Self::from_float_millis(seconds * 1000.0 + UNTIL_2001 as f64)
    }

    fn from_float_millis(millis: f64) -> Result<Self, OutOfRange> {
        let below = millis.floor();
        let nearest = if millis - below > 0.5 { below + 1.0 } else { below };
        // What is not a number is in no range. All that is in this one is exact as an `f64`.
        if (Self::MIN.0 as f64..=Self::MAX.0 as f64).contains(&nearest) {
            Self::from_millis(nearest as i64)
        } else {
            Err(OutOfRange(()))
        }
    }

    /// Returns the second since 1970 that this instant lies in.
    #[must_use]
    #[inline]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns the microseconds since 1970.
    #[must_use]
    #[inline]
    pub const fn as_micros(self) -> i64 {
        self.0 * 1000
    }

    /// Returns the nanoseconds since 1970; those of the years 1678 to 2261 fit into 64 bits.
    #[must_use]
    #[inline]
    pub const fn as_nanos(self) -> i128 {
        self.0 as i128 * 1_000_000
    }

    /// Returns the Julian day, which [`from_julian_day`](Self::from_julian_day) reads as the same instant.
    #[must_use]
    #[inline]
    pub fn as_julian_day(self) -> f64 {
        self.0 as f64 / MILLIS_PER_DAY + JULIAN_DAY_OF_1970
    }

    /// Returns the 100 nanoseconds since 1601, negative before it, which Windows itself does not use.
    #[must_use]
    #[inline]
    pub const fn as_filetime(self) -> i64 {
        (self.0 + SINCE_1601) * 10_000
    }

    /// Returns the microseconds since 1601.
    #[must_use]
    #[inline]
    pub const fn as_webkit(self) -> i64 {
        (self.0 + SINCE_1601) * 1000
    }

    /// Returns the seconds since 2001, which [`from_cocoa_seconds`](Self::from_cocoa_seconds) reads as the same instant.
    #[must_use]
    #[inline]
    pub fn as_cocoa_seconds(self) -> f64 {
        (self.0 - UNTIL_2001) as f64 / 1000.0
    }
}

/// What a number that is a time may count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EpochUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
    /// Days since noon on 24 November -4713.
    JulianDay,
    /// 100 nanoseconds since 1601, as Windows counts.
    Filetime,
    /// Microseconds since 1601, as WebKit and Chrome count.
    WebKit,
    /// Seconds since 2001, as Cocoa counts.
    CocoaSeconds,
}

impl EpochUnit {
    /// Every unit, in the order in which [`EpochMs::plausible_units`] tries them.
    pub const ALL: [Self; 8] = [
        Self::Seconds,
        Self::Millis,
        Self::Micros,
        Self::Nanos,
        Self::JulianDay,
        Self::Filetime,
        Self::WebKit,
        Self::CocoaSeconds,
    ];

    /// Returns the instant that a number is if it counts this unit.
    ///
    /// # Errors
    ///
    /// An instant outside the years 0000 to 9999.
    pub fn read(self, number: i64) -> Result<EpochMs, OutOfRange> {
        match self {
            Self::Seconds => EpochMs::from_seconds(number),
            Self::Millis => EpochMs::from_millis(number),
            Self::Micros => EpochMs::from_micros(number),
            Self::Nanos => EpochMs::from_nanos(number.into()),
            // Numbers that a `f64` rounds are far out of range in both.
            Self::JulianDay => EpochMs::from_julian_day(number as f64),
            Self::Filetime => EpochMs::from_filetime(number),
            Self::WebKit => EpochMs::from_webkit(number),
            Self::CocoaSeconds => EpochMs::from_cocoa_seconds(number as f64),
        }
    }
}

/// Such as `seconds since 1970`.
impl fmt::Display for EpochUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Seconds => "seconds since 1970",
            Self::Millis => "milliseconds since 1970",
            Self::Micros => "microseconds since 1970",
            Self::Nanos => "nanoseconds since 1970",
            Self::JulianDay => "Julian days",
            Self::Filetime => "100 nanoseconds since 1601 (FILETIME)",
            Self::WebKit => "microseconds since 1601 (WebKit)",
            Self::CocoaSeconds => "seconds since 2001 (Cocoa)",
        })
    }
}
