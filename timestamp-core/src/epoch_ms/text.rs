//! An instant as text: `2026-01-31T12:34:56.789Z`, always 24 characters.

use std::fmt;
use std::ops::Deref;

use super::{EpochMs, civil};

const MILLIS_PER_DAY: u64 = 86_400_000;

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
        let (century, year, month, day) = civil::from_days((since / MILLIS_PER_DAY) as u32);
        let of_day = (since % MILLIS_PER_DAY) as u32;
        // Each from the whole, not from the one before: the processor divides side by side then.
        let (hour, minutes, seconds) = (of_day / 3_600_000, of_day / 60_000, of_day / 1000);
        let (minute, second, millis) = (minutes - 60 * hour, seconds - 60 * minutes, of_day - 1000 * seconds);

        let date = two_digits([century, year, month, day]);
        let time = two_digits([hour, minute, second, millis / 10]);
        // The digits are shifted to their places in three words, and the zeros there become characters. Writing them
        // byte by byte instead costs twice the time: the processor can not read a word back that it wrote in bytes.
        let words = [
            u64::from_le_bytes(*b"0000-00-") | (date & 0xffff_ffff) | ((date >> 32) & 0xffff) << 40,
            u64::from_le_bytes(*b"00T00:00") | (date >> 48) | (time & 0xffff) << 24 | ((time >> 16) & 0xffff) << 48,
            u64::from_le_bytes(*b":00.000Z")
                | ((time >> 32) & 0xffff) << 8
                | (time >> 48) << 32
                | u64::from(millis % 10) << 48,
        ];
        let mut text = [0; 32];
        for (part, word) in text.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *part = word.to_le_bytes();
        }
        EpochMsText(text)
    }
}

/// Returns the two digits of four numbers below 100 as eight bytes, tens first.
#[inline]
fn two_digits(numbers: [u32; 4]) -> u64 {
    let [first, second, third, fourth] = numbers.map(u64::from);
    let numbers = first | second << 16 | third << 32 | fourth << 48;
    // 103 / 1024 is a tenth, near enough for numbers below 100; no product reaches the next number's 16 bits.
    let tens = ((numbers * 103) >> 10) & 0x000f_000f_000f_000f;
    // In each: tens + 256 * (number - 10 * tens).
    (numbers << 8) - tens * 2559
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
