//! Text without an offset, as databases hold it, for a caller who says which offset it is to have.

use super::error::Problem;
use super::{Cursor, EpochMs, Offset, ParseError, words};

const HAS_OFFSET: Problem = Problem::Rule(
    "the text says its offset, so none has to be assumed; `text.parse::<EpochMs>()` reads it where the offset is `Z`, or \
     written as in `+02:00`, right after the seconds",
);

/// The zone that a text without an offset is assumed to be in.
///
/// There is no variant for the local zone of the machine, on which a stored text can not depend, and none for a zone by
/// name: an hour that is set back happens twice there, and a text does not say which of the two it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assume {
    /// The text is in UTC, as `CURRENT_TIMESTAMP` of SQLite writes it.
    Utc,
    /// The text is this far ahead of UTC.
    Offset(Offset),
}

impl EpochMs {
    /// Reads a text without an offset, in the zone that the caller names.
    ///
    /// This is the only way in for such texts; [`FromStr`](std::str::FromStr) refuses them. The date may stand alone,
    /// which is midnight, or be followed by `T` or a space and the time of day; seconds and a fraction of any length may
    /// be missing: `2024-01-15`, `2024-01-15 12:00`, `2024-01-15T12:00:00.123456`. What is finer than a millisecond is
    /// dropped.
    ///
    /// # Errors
    ///
    /// A text that says its offset, which belongs to [`FromStr`](std::str::FromStr): what it says and what is assumed
    /// could differ. Anything else that is not such a date and time; and an instant outside the years 0000 to 9999.
    ///
    /// # Example: a column of SQLite, and one that was filled in Berlin's winter time
    ///
    /// ```
    /// use timestamp_core::{Assume, EpochMs};
    ///
    /// let noon = EpochMs::parse_naive("2024-01-15 12:00:00", Assume::Utc)?;
    /// assert_eq!(noon.to_string(), "2024-01-15T12:00:00.000Z");
    ///
    /// let berlin = Assume::Offset("+01:00".parse()?);
    /// assert_eq!(EpochMs::parse_naive("2024-01-15 13:00:00", berlin)?, noon);
    ///
    /// assert!(EpochMs::parse_naive("2024-01-15 12:00:00Z", Assume::Utc).is_err());
    /// # Ok::<(), timestamp_core::ParseError>(())
    /// ```
    #[inline]
    pub fn parse_naive(text: &str, assume: Assume) -> Result<Self, ParseError> {
        let offset = match assume {
            Assume::Utc => 0,
            Assume::Offset(offset) => i32::from(offset.as_minutes()),
        };
        match words::naive(text.as_bytes(), offset) {
            Some(instant) => Ok(instant),
            None => Cursor::new(text).naive(offset),
        }
    }
}

impl Cursor<'_> {
    #[inline(never)]
    fn naive(mut self, offset: i32) -> Result<EpochMs, ParseError> {
        let mut fields = self.date()?;
        if self.peek().is_some() && !says_offset(self.rest()) {
            self.one_of(b"Tt ", "`T` or a space, and the time of day")?;
            self.hour_and_minute(&mut fields)?;
            if self.skip(|byte| byte == b':') {
                self.second_and_fraction(&mut fields)?;
            }
        }
        if says_offset(self.rest()) {
            return self.fail(HAS_OFFSET);
        }
        self.end()?;
        self.instant(&fields, offset, 0)
    }
}

/// Whether this, which stands after a date or a time of day, is an offset; databases and `date` put a space before it.
fn says_offset(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    matches!(rest, [b'Z' | b'z' | b'+' | b'-', ..]) || rest == b"UTC" || rest == b"GMT"
}
