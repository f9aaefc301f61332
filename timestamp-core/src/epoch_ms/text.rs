//! An instant as text: `2026-01-31T12:34:56.789Z`, always 24 characters.

use std::fmt;
use std::ops::Deref;

use super::{EpochMs, civil};

const MILLIS_PER_DAY: u64 = 86_400_000;

/// Where the binary point is in the parts of a time of day: seven bits are before it, enough for two digits.
const POINT: u32 = 57;

/// What is after the point.
const AFTER_POINT: u64 = (1 << POINT) - 1;

/// The hours of a millisecond, rounded up: a day's worth of what that adds is 2^27 of the 2^57 parts of an hour, less than
/// the 2^35 in a millisecond, so that no part is ever one too small or too great.
const HOURS_PER_MILLI: u64 = (1_u64 << POINT).div_ceil(3_600_000);

/// The two digits of each number of seven bits; of a number above 99, the last two.
static TWO_DIGITS: [u16; 128] = {
    let mut digits = [0; 128];
    let mut number = 0;
    while number < digits.len() {
        digits[number] = last_two_digits(number as u32);
        number += 1;
    }
    digits
};

/// The two digits of the month and the two of the day, for each of [`civil::DAYS_OF_YEAR`].
static DAYS_OF_YEAR: [u32; civil::YEAR] = {
    let mut digits = [0; civil::YEAR];
    let mut index = 0;
    while index < digits.len() {
        let (month, day) = civil::DAYS_OF_YEAR[index];
        digits[index] = last_two_digits(month) as u32 | (last_two_digits(day) as u32) << 16;
        index += 1;
    }
    digits
};

/// Returns the last two digits of a number, tens in the lower byte, as the text has them first.
const fn last_two_digits(number: u32) -> u16 {
    ((number / 10 % 10) | ((number % 10) << 8)) as u16
}

/// The text of an instant, on the stack: what [`EpochMs::to_text`] returns. It derefs to `str`.
///
/// It has 32 bytes, of which the last eight are nothing: as whole blocks at an aligned address, the standard library finds
/// out quickly that they are UTF-8, which we know and can not say without `unsafe`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(align(8))]
pub struct EpochMsText([u8; 32]);

const LENGTH: usize = 24;

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
        let since = (self.0 - Self::MIN.0) as u64;
        let (century, year, day_of_year) = civil::from_days((since / MILLIS_PER_DAY) as u32);
        let day_of_year = u64::from(DAYS_OF_YEAR[day_of_year]);
        // Each part is the whole number before the point, and what is after the point becomes the next one.
        let hour = since % MILLIS_PER_DAY * HOURS_PER_MILLI;
        let minute = 60 * (hour & AFTER_POINT);
        let second = 60 * (minute & AFTER_POINT);
        let hundredth = 100 * (second & AFTER_POINT);
        let milli = (10 * (hundredth & AFTER_POINT)) >> POINT;

        // The zeros in three words become digits. Writing them byte by byte instead costs twice the time: the processor can
        // not read a word back that it wrote in bytes.
        let words = [
            u64::from_le_bytes(*b"0000-00-")
                | two_digits_of(century)
                | two_digits_of(year) << 16
                | (day_of_year & 0xffff) << 40,
            u64::from_le_bytes(*b"00T00:00")
                | day_of_year >> 16
                | two_digits_before_point(hour) << 24
                | two_digits_before_point(minute) << 48,
            u64::from_le_bytes(*b":00.000Z")
                | two_digits_before_point(second) << 8
                | two_digits_before_point(hundredth) << 32
                | milli << 48,
        ];
        let mut text = [0; 32];
        for (part, word) in text.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *part = word.to_le_bytes();
        }
        EpochMsText(text)
    }
}

#[inline]
fn two_digits_of(number: u32) -> u64 {
    u64::from(TWO_DIGITS[(number % 128) as usize])
}

#[inline]
fn two_digits_before_point(part: u64) -> u64 {
    u64::from(TWO_DIGITS[(part >> POINT) as usize])
}

impl EpochMsText {
    /// Returns the text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match std::str::from_utf8(&self.0) {
            Ok(text) => &text[..LENGTH],
            Err(_) => unreachable!("digits and punctuation are ASCII"),
        }
    }

    /// Returns the text as the 24 ASCII bytes it is.
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &[u8; LENGTH] {
        match self.0.first_chunk() {
            Some(bytes) => bytes,
            None => unreachable!(),
        }
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
