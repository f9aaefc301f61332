//! An instant as text: `2026-01-31T12:34:56.789Z`, always 24 characters.

use std::fmt;
use std::ops::Deref;

use super::{EpochMs, civil};

const MILLIS_PER_DAY: u64 = 86_400_000;

/// The text of an instant, on the stack: what [`EpochMs::to_text`] returns. It derefs to `str`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochMsText([u8; 24]);

impl EpochMs {
    /// Returns the text of this instant without allocating.
    ///
    /// It is what [`Display`](fmt::Display) writes: RFC 3339, three digits of milliseconds, `Z`.
    ///
    /// # Example
    ///
    /// ```
    /// use timestamp_core::EpochMs;
    ///
    /// let text = EpochMs::UNIX_EPOCH.to_text();
    /// assert_eq!(&*text, "1970-01-01T00:00:00.000Z");
    /// ```
    #[must_use]
    #[inline]
    pub fn to_text(self) -> EpochMsText {
        let since = self.0.abs_diff(Self::MIN.0);
        let (year, month, day) = civil::from_days((since / MILLIS_PER_DAY) as u32);
        let of_day = (since % MILLIS_PER_DAY) as u32;
        let (seconds, millis) = (of_day / 1000, of_day % 1000);
        let (minutes, second) = (seconds / 60, seconds % 60);
        let (hour, minute) = (minutes / 60, minutes % 60);

        let mut text = *b"0000-00-00T00:00:00.000Z";
        write_pair(&mut text, 0, year / 100);
        write_pair(&mut text, 2, year % 100);
        write_pair(&mut text, 5, month);
        write_pair(&mut text, 8, day);
        write_pair(&mut text, 11, hour);
        write_pair(&mut text, 14, minute);
        write_pair(&mut text, 17, second);
        write_pair(&mut text, 20, millis / 10);
        text[22] += (millis % 10) as u8;
        EpochMsText(text)
    }
}

/// Adds a number below 100 to the two zeros at `at`.
#[inline]
fn write_pair(text: &mut [u8; 24], at: usize, number: u32) {
    text[at] += (number / 10) as u8;
    text[at + 1] += (number % 10) as u8;
}

impl EpochMsText {
    /// Returns the text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text,
            Err(_) => unreachable!("digits and punctuation are ASCII"),
        }
    }

    /// Returns the text as the 24 ASCII bytes it is.
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

impl Deref for EpochMsText {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for EpochMsText {
    #[inline]
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for EpochMsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for EpochMsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The fixed-width text, padded as the format asks.
impl fmt::Display for EpochMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.to_text().as_str())
    }
}

/// The same text as [`Display`](fmt::Display): an instant reads the same in a log and in an error.
impl fmt::Debug for EpochMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
