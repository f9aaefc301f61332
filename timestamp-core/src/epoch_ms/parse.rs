//! Text to an instant: RFC 3339 with any offset, RFC 9557 with its suffix, and text without an offset for those who say
//! which one they assume.
//!
//! The usual forms are read eight bytes at a time, without a branch per character (`words`). Whatever does not pass goes
//! through the cursor, which reads all of each grammar and knows what to say about the rest. `docs/time.md` has the
//! rules, each with the section of the standard it follows.

mod cursor;
mod error;
mod naive;
mod offset;
mod suffix;
mod words;

use std::str::FromStr;

use self::cursor::Cursor;
pub use self::error::ParseError;
pub use self::naive::Assume;
pub use self::offset::Offset;
pub use self::suffix::Suffix;
use super::{EpochMs, civil};

/// Reads RFC 3339 with any offset; [`ParseError`] says what is refused.
impl FromStr for EpochMs {
    type Err = ParseError;

    #[inline]
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match words::rfc3339(text.as_bytes()) {
            Some(instant) => Ok(instant),
            None => Cursor::new(text).rfc3339(),
        }
    }
}

/// A valid date and time of day, before its offset is applied.
struct Fields {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    millis: u32,
}

impl Fields {
    /// Returns the instant if the clock that showed these fields was `minutes` east of Greenwich, or `None` if that is
    /// outside the years that exist.
    #[inline]
    fn instant_at(&self, minutes: i32) -> Option<EpochMs> {
        let days = civil::to_days(self.year, self.month, self.day);
        let of_day = ((self.hour * 60 + self.minute) * 60 + self.second) * 1000 + self.millis;
        let millis = EpochMs::MIN.0 + i64::from(days) * 86_400_000 + i64::from(of_day);
        EpochMs::from_millis(millis - i64::from(minutes) * 60_000).ok()
    }
}
