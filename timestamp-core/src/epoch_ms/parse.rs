//! Text to an instant: RFC 3339, with any offset.
//!
//! The usual forms are read eight bytes at a time, without a branch per character. Whatever does not pass goes through
//! the cursor below, which reads all of RFC 3339 and knows what to say about the rest.

use std::fmt;
use std::str::FromStr;

use super::{EpochMs, civil};

/// Why a text is not an instant, and at which byte.
///
/// [`EpochMs`] reads RFC 3339: `2026-01-31T12:34:56.789Z`. The fraction may be missing or have any number of digits;
/// what is finer than a millisecond is dropped, which rounds towards the past. The offset may be any from `-23:59` to
/// `+23:59`, and `T` and `Z` may be lower case, or a space in place of `T`.
///
/// Refused are: a text without an offset, for nobody can say which instant it means; the leap second `:60`, which epoch
/// milliseconds do not have; a date that the calendar does not have; and an instant that leaves the years 0000 to 9999
/// once its offset is applied. The message does not repeat the text.
///
/// # Example
///
/// ```
/// use timestamp_core::EpochMs;
///
/// let error = "2026-01-31T12:34:56.789".parse::<EpochMs>().unwrap_err();
/// assert_eq!(error.position(), 23);
/// assert_eq!(
///     error.to_string(),
///     "at byte 23: the offset from UTC is missing; append `Z` if the time is UTC, or an offset such as `+02:00`"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    problem: Problem,
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    /// The text goes on with something else.
    Expected(&'static str),
    /// The text ends.
    Missing(&'static str),
    NotAscii,
    /// A number that is too small or too large.
    Limits(&'static str),
    NoSuchDay,
    LeapSecond,
    NoOffset,
    TrailingText,
    OutOfRange,
}

impl ParseError {
    /// Returns the byte at which the text stops being an instant; the text's length if something is missing at its end.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: ", self.position)?;
        match self.problem {
            Problem::Expected(what) => write!(f, "expected {what}"),
            Problem::Missing(what) => write!(f, "the text ends, expected {what}"),
            Problem::NotAscii => f.write_str("the character is not ASCII, as every character of RFC 3339 is"),
            Problem::Limits(rule) => f.write_str(rule),
            Problem::NoSuchDay => f.write_str("the month does not have this day"),
            Problem::LeapSecond => f.write_str(
                "second 60 is a leap second, which epoch milliseconds do not have; the last second of a minute is 59",
            ),
            Problem::NoOffset => f.write_str(
                "the offset from UTC is missing; append `Z` if the time is UTC, or an offset such as `+02:00`",
            ),
            Problem::TrailingText => f.write_str("text follows after the end of the time"),
            Problem::OutOfRange => {
                f.write_str("with this offset the instant lies outside the years 0000 to 9999 of UTC")
            }
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads RFC 3339 with any offset; [`ParseError`] says what is refused.
impl FromStr for EpochMs {
    type Err = ParseError;

    #[inline]
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match usual(text.as_bytes()) {
            Some(instant) => Ok(instant),
            None => Cursor { text: text.as_bytes(), position: 0 }.time(),
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
    /// Milliseconds since 1970 if the fields are UTC.
    #[inline]
    fn millis_as_utc(&self) -> i64 {
        let days = civil::to_days(self.year, self.month, self.day);
        let of_day = ((self.hour * 60 + self.minute) * 60 + self.second) * 1000 + self.millis;
        EpochMs::MIN.0 + i64::from(days) * 86_400_000 + i64::from(of_day)
    }
}

const EVERY_BYTE: u64 = u64::from_le_bytes([1; 8]);

/// Turns eight characters into the values of their digits, or `None` if one of them is not what `form` has there: `0`
/// stands for any digit, anything else for itself.
#[inline]
fn digits(characters: &[u8; 8], form: &[u8; 8]) -> Option<u64> {
    let values = u64::from_le_bytes(*characters) ^ u64::from_le_bytes(*form);
    // What each byte may still grow by without reaching 128: a digit is at most 9, a matching character is 0.
    let mut room = [0x7f; 8];
    let mut index = 0;
    while index < 8 {
        if form[index] == b'0' {
            room[index] = 0x7f - 9;
        }
        index += 1;
    }
    // Below 128 no byte carries into the next, and one that is 128 or above is caught by the second operand.
    let too_large = values.wrapping_add(u64::from_le_bytes(room)) | values;
    (too_large & (EVERY_BYTE << 7) == 0).then_some(values)
}

#[inline]
const fn byte(word: u64, index: u32) -> u32 {
    ((word >> (8 * index)) & 0xff) as u32
}

/// Reads every text but those with another mark than `T` between date and time, a lower-case `z`, or a fraction of one
/// or two digits.
#[inline]
fn usual(text: &[u8]) -> Option<EpochMs> {
    let (date, rest) = text.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let date = pairs(digits(date, b"0000-00-")?);
    let time = pairs(digits(time, b"00T00:00")?);
    let (second, millis, rest) = second_and_millis(rest)?;
    let offset = match rest {
        [b'Z'] => 0,
        [b'+', offset @ ..] => offset_millis(offset)?,
        [b'-', offset @ ..] => -offset_millis(offset)?,
        _ => return None,
    };
    let (year, month, day) = (byte(date, 0) * 100 + byte(date, 2), byte(date, 5), byte(time, 0));
    let (hour, minute) = (byte(time, 3), byte(time, 6));
    let valid = month.wrapping_sub(1) < 12
        && hour < 24
        && minute < 60
        && second < 60
        && day.wrapping_sub(1) < civil::days_in_month(year, month);
    let fields = Fields { year, month, day, hour, minute, second, millis };
    if valid { EpochMs::from_millis(fields.millis_as_utc() - offset).ok() } else { None }
}

/// Reads `:56` or `:56.789`, drops the digits after the third, and returns what is left.
#[inline]
fn second_and_millis(text: &[u8]) -> Option<(u32, u32, &[u8])> {
    if let Some(mut part) = text.first_chunk::<8>().copied() {
        // The eighth character belongs to the offset, or is a digit that is dropped.
        part[7] = 0;
        if let Some(values) = digits(&part, b":00.000\0") {
            let (numbers, rest) = (pairs(values), &text[7..]);
            let finer = rest.iter().take_while(|character| character.is_ascii_digit()).count();
            return Some((byte(numbers, 1), byte(numbers, 4) * 10 + byte(values, 6), &rest[finer..]));
        }
    }
    let ([colon, tens, ones], rest) = text.split_first_chunk()?;
    let values = digits(&[*colon, *tens, *ones, 0, 0, 0, 0, 0], b":00\0\0\0\0\0")?;
    Some((byte(pairs(values), 1), 0, rest))
}

/// Reads the hours and minutes of an offset.
#[inline]
fn offset_millis(text: &[u8]) -> Option<i64> {
    let [h, hh, colon, m, mm] = *<&[u8; 5]>::try_from(text).ok()?;
    let values = pairs(digits(&[h, hh, colon, m, mm, 0, 0, 0], b"00:00\0\0\0")?);
    let (hours, minutes) = (byte(values, 0), byte(values, 3));
    (hours < 24 && minutes < 60).then(|| i64::from(hours * 60 + minutes) * 60_000)
}

/// Returns in each byte the number that its digit and the next one form; at most 99, so no byte carries.
#[inline]
const fn pairs(values: u64) -> u64 {
    values.wrapping_mul(10).wrapping_add(values >> 8)
}

/// Reads a text from front to back, once.
struct Cursor<'a> {
    text: &'a [u8],
    position: usize,
}

impl Cursor<'_> {
    #[inline(never)]
    fn time(mut self) -> Result<EpochMs, ParseError> {
        let year = self.number(4, "a year of four digits")?;
        self.one_of(b"-", "`-` after the year")?;
        let month = self.number_within(1..=12, "a month of two digits", "the month must be 01 to 12")?;
        self.one_of(b"-", "`-` after the month")?;
        let day_at = self.position;
        let day = self.number_within(1..=31, "a day of two digits", "the day must be 01 to 31")?;
        if day > civil::days_in_month(year, month) {
            return Err(ParseError { problem: Problem::NoSuchDay, position: day_at });
        }
        self.one_of(b"Tt ", "`T` after the date")?;
        let hour = self.number_within(0..=23, "an hour of two digits", "the hour must be 00 to 23")?;
        self.one_of(b":", "`:` after the hour")?;
        let minute = self.number_within(0..=59, "a minute of two digits", "the minute must be 00 to 59")?;
        self.one_of(b":", "`:` after the minute")?;
        let second_at = self.position;
        let second = self.number_within(0..=60, "a second of two digits", "the second must be 00 to 59")?;
        if second == 60 {
            return Err(ParseError { problem: Problem::LeapSecond, position: second_at });
        }
        let millis = self.fraction()?;
        let offset_at = self.position;
        let offset = self.offset()?;
        if self.position < self.text.len() {
            return self.fail(Problem::TrailingText);
        }
        let fields = Fields { year, month, day, hour, minute, second, millis };
        EpochMs::from_millis(fields.millis_as_utc() - offset)
            .map_err(|_| ParseError { problem: Problem::OutOfRange, position: offset_at })
    }

    /// Reads `.` and digits if they are there; the digits after the third are finer than a millisecond.
    fn fraction(&mut self) -> Result<u32, ParseError> {
        if self.peek() != Some(b'.') {
            return Ok(0);
        }
        self.position += 1;
        let (mut millis, mut weight) = (self.digit("a digit after `.`")? * 100, 10);
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            millis += self.digit("a digit")? * weight;
            weight /= 10;
        }
        Ok(millis)
    }

    /// Reads the offset and returns it in milliseconds, positive east of Greenwich.
    fn offset(&mut self) -> Result<i64, ParseError> {
        let sign = match self.peek() {
            None => return self.fail(Problem::NoOffset),
            Some(b'Z' | b'z') => {
                self.position += 1;
                return Ok(0);
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return self.unexpected("a fraction such as `.789`, or an offset such as `Z` or `+02:00`"),
        };
        self.position += 1;
        let hours =
            self.number_within(0..=23, "the offset's hours, two digits", "the offset's hours must be 00 to 23")?;
        self.one_of(b":", "`:` between the offset's hours and minutes")?;
        let minutes =
            self.number_within(0..=59, "the offset's minutes, two digits", "the offset's minutes must be 00 to 59")?;
        Ok(sign * i64::from(hours * 60 + minutes) * 60_000)
    }

    fn number_within(
        &mut self,
        limits: std::ops::RangeInclusive<u32>,
        what: &'static str,
        rule: &'static str,
    ) -> Result<u32, ParseError> {
        let position = self.position;
        let number = self.number(2, what)?;
        if limits.contains(&number) { Ok(number) } else { Err(ParseError { problem: Problem::Limits(rule), position }) }
    }

    fn number(&mut self, width: u32, what: &'static str) -> Result<u32, ParseError> {
        let mut number = 0;
        for _ in 0..width {
            number = number * 10 + self.digit(what)?;
        }
        Ok(number)
    }

    fn digit(&mut self, what: &'static str) -> Result<u32, ParseError> {
        match self.peek() {
            Some(byte @ b'0'..=b'9') => {
                self.position += 1;
                Ok(u32::from(byte - b'0'))
            }
            _ => self.unexpected(what),
        }
    }

    fn one_of(&mut self, accepted: &[u8], what: &'static str) -> Result<(), ParseError> {
        match self.peek() {
            Some(byte) if accepted.contains(&byte) => {
                self.position += 1;
                Ok(())
            }
            _ => self.unexpected(what),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    /// The text ends, or goes on with something else than `what`.
    fn unexpected<T>(&self, what: &'static str) -> Result<T, ParseError> {
        self.fail(match self.peek() {
            None => Problem::Missing(what),
            Some(byte) if !byte.is_ascii() => Problem::NotAscii,
            Some(_) => Problem::Expected(what),
        })
    }

    fn fail<T>(&self, problem: Problem) -> Result<T, ParseError> {
        Err(ParseError { problem, position: self.position })
    }
}
