//! `EpochMs`: an instant in UTC, in whole milliseconds.

use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
/// An instant, UTC, in milliseconds since 1970.
pub struct EpochMs(i64);

impl EpochMs {
    /// 0000-01-01T00:00:00.000Z
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// 9999-12-31T23:59:59.999Z
    pub const MAX: Self = Self(253_402_300_799_999);
    /// 1970-01-01T00:00:00.000Z
    pub const UNIX_EPOCH: Self = Self(0);

    /// checked
    pub const fn from_millis(millis: i64) -> Result<Self, OutOfRange> {
        if millis < Self::MIN.0 || millis > Self::MAX.0 { Err(OutOfRange) } else { Ok(Self(millis)) }
    }

    /// raw
    #[must_use]
    #[inline]
    pub const fn as_millis(self) -> i64 {
        self.0
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

/// Out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;
/// Not a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError;

impl fmt::Display for EpochMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl fmt::Debug for EpochMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl serde::Serialize for EpochMs {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of range")
    }
}
