//! A time, character by character: all of the grammar, and the words about what is outside of it.

use super::error::Problem;
use super::{EpochMs, Fields, ParseError, civil};

const LEAP_SECOND: Problem = Problem::Rule(
    "second 60 is a leap second, which epoch milliseconds do not have; the last second of a minute is 59",
);
const COMMA: Problem = Problem::Rule("a fraction begins with `.`, not with `,`");
const NO_SUCH_DAY: Problem = Problem::Rule("the month does not have this day");
const NO_OFFSET: Problem = Problem::Rule(
    "the offset from UTC is missing; append `Z` if the time is UTC, or an offset such as `+02:00`, or read it with \
     `EpochMs::parse_naive`, which takes the offset to assume",
);
const SIGN_IS_SPACE: Problem = Problem::Rule(
    "expected an offset such as `+02:00`, and its sign is a space; in the query of a URL, `+` means a space and is written \
     `%2B`",
);
const SUFFIX: Problem = Problem::Rule("a suffix in brackets is RFC 9557, which is read by `EpochMs::parse_rfc9557`");
const TRAILING_TEXT: Problem = Problem::Rule("text follows after the end of the time");
const OUT_OF_RANGE: Problem = Problem::Rule("with this offset the instant lies outside the years 0000 to 9999 of UTC");

/// Reads a text from front to back, once. Each method reads one part, or says what is wrong with it.
pub(super) struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

/// The offset of a time, as it is written.
#[derive(Clone, Copy)]
pub(super) struct LocalOffset {
    pub(super) minutes: i32,
    /// `Z` and `-00:00` say when it is in UTC, and nothing about any local time.
    pub(super) is_known: bool,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// Reads RFC 3339 and nothing after it.
    #[inline(never)]
    pub(super) fn rfc3339(mut self) -> Result<EpochMs, ParseError> {
        let (fields, offset, offset_at) = self.date_time_offset()?;
        if self.peek() == Some(b'[') {
            return self.fail(SUFFIX);
        }
        self.end()?;
        self.instant(&fields, offset.minutes, offset_at)
    }

    /// Reads RFC 3339, and returns its parts and where the offset stands.
    pub(super) fn date_time_offset(&mut self) -> Result<(Fields, LocalOffset, usize), ParseError> {
        let mut fields = self.date()?;
        self.one_of(b"Tt ", "`T` after the date")?;
        self.hour_and_minute(&mut fields)?;
        self.one_of(b":", "`:` after the minute")?;
        self.second_and_fraction(&mut fields)?;
        let offset_at = self.position;
        let offset = match self.peek() {
            None => return self.fail(NO_OFFSET),
            Some(b' ') if self.rest().get(1).is_some_and(u8::is_ascii_digit) => return self.fail(SIGN_IS_SPACE),
            Some(b'Z' | b'z' | b'+' | b'-') => self.offset()?,
            Some(_) => return self.unexpected("a fraction such as `.789`, or an offset such as `Z` or `+02:00`"),
        };
        Ok((fields, offset, offset_at))
    }

    pub(super) fn date(&mut self) -> Result<Fields, ParseError> {
        let year = self.number(4, "a year of four digits")?;
        self.one_of(b"-", "`-` after the year")?;
        let month = self.number_within(1..=12, "a month of two digits", "the month must be 01 to 12")?;
        self.one_of(b"-", "`-` after the month")?;
        let day_at = self.position;
        let day = self.number_within(1..=31, "a day of two digits", "the day must be 01 to 31")?;
        if day > civil::days_in_month(year, month) {
            return self.fail_at(day_at, NO_SUCH_DAY);
        }
        Ok(Fields { year, month, day, hour: 0, minute: 0, second: 0, millis: 0 })
    }

    pub(super) fn hour_and_minute(&mut self, fields: &mut Fields) -> Result<(), ParseError> {
        fields.hour = self.number_within(0..=23, "an hour of two digits", "the hour must be 00 to 23")?;
        self.one_of(b":", "`:` after the hour")?;
        fields.minute = self.number_within(0..=59, "a minute of two digits", "the minute must be 00 to 59")?;
        Ok(())
    }

    /// Reads the second, then `.` and digits if they are there; the digits after the third are finer than a millisecond.
    pub(super) fn second_and_fraction(&mut self, fields: &mut Fields) -> Result<(), ParseError> {
        let second_at = self.position;
        fields.second = self.number_within(0..=60, "a second of two digits", "the second must be 00 to 59")?;
        if fields.second == 60 {
            return self.fail_at(second_at, LEAP_SECOND);
        }
        if self.peek() == Some(b',') {
            return self.fail(COMMA);
        }
        if self.skip(|byte| byte == b'.') {
            fields.millis = self.digit("a digit after `.`")? * 100;
            let mut weight = 10;
            while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                fields.millis += self.digit("a digit")? * weight;
                weight /= 10;
            }
        }
        Ok(())
    }

    /// Reads the offset, positive east of Greenwich.
    pub(super) fn offset(&mut self) -> Result<LocalOffset, ParseError> {
        let is_negative = match self.peek() {
            Some(b'Z' | b'z') => {
                self.position += 1;
                return Ok(LocalOffset { minutes: 0, is_known: false });
            }
            Some(b'+') => false,
            Some(b'-') => true,
            _ => return self.unexpected("an offset such as `Z` or `+02:00`"),
        };
        self.position += 1;
        let hours =
            self.number_within(0..=23, "the offset's hours, two digits", "the offset's hours must be 00 to 23")?;
        self.one_of(b":", "`:` between the offset's hours and minutes")?;
        let minutes =
            self.number_within(0..=59, "the offset's minutes, two digits", "the offset's minutes must be 00 to 59")?;
        let minutes = (hours * 60 + minutes) as i32;
        Ok(LocalOffset {
            minutes: if is_negative { -minutes } else { minutes },
            is_known: !is_negative || minutes != 0,
        })
    }

    /// Returns the instant of a time whose offset stands at `offset_at`.
    pub(super) fn instant(&self, fields: &Fields, offset: i32, offset_at: usize) -> Result<EpochMs, ParseError> {
        fields.instant_at(offset).map_or_else(|| self.fail_at(offset_at, OUT_OF_RANGE), Ok)
    }

    /// Refuses text after the end of what was read.
    pub(super) fn end(&self) -> Result<(), ParseError> {
        if self.peek().is_none() { Ok(()) } else { self.fail(TRAILING_TEXT) }
    }

    fn number_within(
        &mut self,
        limits: std::ops::RangeInclusive<u32>,
        what: &'static str,
        rule: &'static str,
    ) -> Result<u32, ParseError> {
        let position = self.position;
        let number = self.number(2, what)?;
        if limits.contains(&number) { Ok(number) } else { self.fail_at(position, Problem::Rule(rule)) }
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

    pub(super) fn one_of(&mut self, accepted: &[u8], what: &'static str) -> Result<(), ParseError> {
        if self.skip(|byte| accepted.contains(&byte)) { Ok(()) } else { self.unexpected(what) }
    }

    /// Goes on behind the next character if it is an accepted one, and returns whether it was.
    pub(super) fn skip(&mut self, accepted: impl FnOnce(u8) -> bool) -> bool {
        let is_accepted = self.peek().is_some_and(accepted);
        self.position += usize::from(is_accepted);
        is_accepted
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.position..).unwrap_or_default()
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// The text ends, or goes on with something else than `what`.
    pub(super) fn unexpected<T>(&self, what: &'static str) -> Result<T, ParseError> {
        self.fail(match self.peek() {
            None => Problem::Missing(what),
            Some(byte) if !byte.is_ascii() => Problem::NotAscii(what),
            Some(_) => Problem::Expected(what),
        })
    }

    pub(super) fn fail<T>(&self, problem: Problem) -> Result<T, ParseError> {
        self.fail_at(self.position, problem)
    }

    pub(super) fn fail_at<T>(&self, position: usize, problem: Problem) -> Result<T, ParseError> {
        Err(ParseError::new(problem, self.text, position))
    }
}
