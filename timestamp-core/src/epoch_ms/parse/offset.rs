//! `Offset`: how far a local time is from UTC.

use std::fmt;
use std::str::FromStr;

use super::error::Problem;
use super::{Cursor, ParseError};

const TRAILING_TEXT: Problem = Problem::Rule("text follows after the end of the offset");

/// How far a local time is ahead of UTC, in whole minutes, from `-23:59` to `+23:59`; negative west of Greenwich.
///
/// It is a distance and not a time zone: it knows of no summer time.
///
/// # Example
///
/// ```
/// use timestamp_core::Offset;
///
/// let kathmandu: Offset = "+05:45".parse()?;
/// assert_eq!(kathmandu.as_minutes(), 345);
/// assert_eq!(Offset::from_minutes(-210).map(|it| it.to_string()).as_deref(), Some("-03:30"));
/// # Ok::<(), timestamp_core::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(i16);

impl Offset {
    /// No distance at all.
    pub const UTC: Self = Self(0);

    /// Returns the offset this many minutes ahead of UTC, or `None` for a day or more in either direction.
    #[must_use]
    pub const fn from_minutes(minutes: i16) -> Option<Self> {
        if -1440 < minutes && minutes < 1440 { Some(Self(minutes)) } else { None }
    }

    /// Returns the minutes ahead of UTC, negative west of Greenwich.
    #[must_use]
    pub const fn as_minutes(self) -> i16 {
        self.0
    }
}

/// Reads `Z`, `+02:00` or `-03:30`, as RFC 3339 writes offsets.
impl FromStr for Offset {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text);
        let offset = cursor.offset()?;
        if cursor.peek().is_some() {
            return cursor.fail(TRAILING_TEXT);
        }
        Ok(Self(offset.minutes as i16))
    }
}

/// `+02:00`; UTC is `+00:00`.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, minutes) = (if self.0 < 0 { '-' } else { '+' }, self.0.unsigned_abs());
        f.pad(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
    }
}

impl fmt::Debug for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
