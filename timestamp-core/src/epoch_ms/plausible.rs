//! `PlausibleRange`: whether an instant is one that a program could have meant.
//!
//! It is a check of its own and no part of reading. A date of birth in 1931 is an instant like any other, and only the
//! caller knows that an order was not placed then.

use std::fmt;

use super::{EpochMs, EpochUnit};

/// The instants that are plausible: from the first on, and before the last.
///
/// [`Default`] is the 21st century, 2000-01-01 to 2100-01-01 in UTC.
///
/// # Example: seconds that were taken for milliseconds
///
/// ```
/// use timestamp_core::{EpochMs, PlausibleRange};
///
/// let noon = EpochMs::from_seconds(1_769_860_800)?;
/// assert_eq!(PlausibleRange::default().check(noon)?, noon);
///
/// let mistaken = EpochMs::from_millis(1_769_860_800)?;
/// assert_eq!(
///     PlausibleRange::default().check(mistaken).unwrap_err().to_string(),
///     "1970-01-21T11:37:40.800Z is not plausible, for it is not within 2000-01-01T00:00:00.000Z to \
///      2100-01-01T00:00:00.000Z; its 1769860800 milliseconds would be 2026-01-31T12:00:00.000Z if they were seconds \
///      since 1970, or 2057-01-31T12:00:00.000Z if they were seconds since 2001 (Cocoa)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlausibleRange {
    from: EpochMs,
    before: EpochMs,
}

impl PlausibleRange {
    /// Returns the range from `from` on, and before `before`. If that is not the later one, nothing is plausible.
    #[must_use]
    pub const fn new(from: EpochMs, before: EpochMs) -> Self {
        Self { from, before }
    }

    /// Returns whether an instant lies in this range.
    #[must_use]
    #[inline]
    pub fn contains(&self, instant: EpochMs) -> bool {
        (self.from..self.before).contains(&instant)
    }

    /// Returns the instant if it lies in this range.
    ///
    /// # Errors
    ///
    /// An instant that does not; the error says which units its milliseconds would be plausible in.
    #[inline]
    pub fn check(&self, instant: EpochMs) -> Result<EpochMs, Implausible> {
        if self.contains(instant) { Ok(instant) } else { Err(Implausible { instant, range: *self }) }
    }

    /// Returns the units in which a number would be in this range, each with the instant that it would be.
    ///
    /// It does not pick one, and neither should a program: a number that is plausible as seconds since 1970 may be
    /// plausible as seconds since 2001. It is for messages, and for people who look at somebody else's database.
    pub fn units(self, number: i64) -> impl Iterator<Item = (EpochUnit, EpochMs)> {
        EpochUnit::ALL
            .into_iter()
            .filter_map(move |unit| Some((unit, unit.read(number).ok()?)))
            .filter(move |(_, instant)| self.contains(*instant))
    }
}

impl Default for PlausibleRange {
    fn default() -> Self {
        Self::new(EpochMs(946_684_800_000), EpochMs(4_102_444_800_000))
    }
}

impl EpochMs {
    /// Returns the units in which a number would be plausible, each with the instant that it would be; see
    /// [`PlausibleRange::units`], which takes another range than that of [`PlausibleRange::default`].
    ///
    /// # Example
    ///
    /// ```
    /// use timestamp_core::{EpochMs, EpochUnit};
    ///
    /// let units: Vec<_> = EpochMs::plausible_units(1_769_860_800_000).map(|(unit, _)| unit).collect();
    /// assert_eq!(units, [EpochUnit::Millis]);
    /// let units: Vec<_> = EpochMs::plausible_units(1_769_860_800).map(|(unit, _)| unit).collect();
    /// assert_eq!(units, [EpochUnit::Seconds, EpochUnit::CocoaSeconds]);
    /// ```
    pub fn plausible_units(number: i64) -> impl Iterator<Item = (EpochUnit, Self)> {
        PlausibleRange::default().units(number)
    }
}

/// An instant outside of the range that was said to be plausible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implausible {
    instant: EpochMs,
    range: PlausibleRange,
}

impl Implausible {
    /// Returns the instant that was refused.
    #[must_use]
    pub const fn instant(&self) -> EpochMs {
        self.instant
    }
}

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instant, range } = self;
        write!(f, "{instant} is not plausible, for it is not within {} to {}", range.from, range.before)?;
        let number = instant.as_millis();
        for (index, (unit, other)) in range.units(number).enumerate() {
            if index == 0 {
                write!(f, "; its {number} milliseconds would be {other} if they were {unit}")?;
            } else {
                write!(f, ", or {other} if they were {unit}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Implausible {}
