//! RFC 9557: a time with a suffix in brackets, such as `[Europe/Paris][u-ca=gregory]`.
//!
//! The instant is that of the RFC 3339 part; the suffix is compared with it or refused, and never moves it. There is no
//! time zone database here, so a zone that is a name can not be compared, but for the names of UTC. An elective one is
//! passed over, as section 3.3 allows. A critical one (`!`) is refused, as it demands: 4.1 treats a zone that the reader
//! does not know as one that contradicts.

use super::cursor::LocalOffset;
use super::error::Problem;
use super::{Cursor, EpochMs, ParseError};

const REFUSED: Problem = Problem::Rule("a suffix in brackets is refused here, by `Suffix::Refuse`");
const ZONE_AFTER_TAG: Problem =
    Problem::Rule("a time zone comes first and only once; what follows it is `[key=value]`");
const OTHER_OFFSET: Problem = Problem::Rule("the offset in brackets is another than the one before them");
const ZONE_IS_UTC: Problem = Problem::Rule("this zone is UTC, and the offset before the brackets is not");
const CRITICAL_ZONE: Problem = Problem::Rule(
    "`!` demands that the zone is compared with the offset, which takes a time zone database; without `!` it is passed \
     over, and the offset counts",
);
const CRITICAL_KEY: Problem = Problem::Rule(
    "`!` demands that this is understood, and only `u-ca=iso8601` and `u-ca=gregory` are; without `!` it is passed over",
);
const EXPERIMENT: Problem = Problem::Rule("a key that begins with `_` belongs to an experiment, and this is none");
const CONTRADICTION: Problem = Problem::Rule("two calendars are given, and `!` demands that one of them is used");
const ZONE_NAME: &str = "a time zone such as `Europe/Paris` or `+01:00`, or a key such as `u-ca`";
const ZONE_PART: &str = "a part of a time zone's name, which begins with a letter, `.` or `_`, and is not `.` or `..`";
const KEY: &str = "a key, which begins with a lower-case letter and goes on with those, digits, `-` or `_`";
const VALUE: &str = "a value of letters and digits, or several with `-` between them";

/// What is to be done with the suffix of an RFC 9557 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suffix {
    /// It is read, and refused where it contradicts the offset or demands (`!`) what can not be checked.
    Check,
    /// There must be none.
    Refuse,
}

impl EpochMs {
    /// Reads RFC 9557: RFC 3339, and after it a suffix in brackets, such as `[Europe/Paris]` or `[+01:00][u-ca=gregory]`.
    ///
    /// The offset decides which instant it is; the suffix can only agree, contradict or be passed over. A zone that is an
    /// offset, or `UTC`, `Etc/UTC`, `GMT` or `Etc/GMT`, must agree with the offset, unless that is `Z` or `-00:00`, which agree
    /// with every zone. A zone by another name, and tags without `!`, are passed over, because nothing here knows them: whether
    /// `Europe/Paris` had this offset then is not checked. Before a zone had standard time, its offset had seconds, which writers
    /// round off; the instant is then that of the rounded offset.
    ///
    /// With [`Suffix::Refuse`] it reads what [`FromStr`](std::str::FromStr) reads, for a caller to whom the choice is a setting.
    ///
    /// # Errors
    ///
    /// What [`FromStr`](std::str::FromStr) refuses; any suffix with [`Suffix::Refuse`]. With [`Suffix::Check`]: a zone that
    /// contradicts the offset; `!` before what can not be checked, which is every name of a zone but these four and every
    /// tag but `u-ca=iso8601` and `u-ca=gregory`; a key for experiments, which begins with `_`; and what is not the grammar.
    ///
    /// # Example
    ///
    /// ```
    /// use timestamp_core::{EpochMs, Suffix};
    ///
    /// let noon = EpochMs::parse_rfc9557("2026-01-31T13:00:00+01:00[Europe/Paris]", Suffix::Check)?;
    /// assert_eq!(noon.to_string(), "2026-01-31T12:00:00.000Z");
    /// assert_eq!(EpochMs::parse_rfc9557("2026-01-31T13:00:00+01:00[+01:00]", Suffix::Check)?, noon);
    /// assert!(EpochMs::parse_rfc9557("2026-01-31T13:00:00+01:00[+02:00]", Suffix::Check).is_err());
    /// assert!(EpochMs::parse_rfc9557("2026-01-31T13:00:00+01:00[Europe/Paris]", Suffix::Refuse).is_err());
    /// # Ok::<(), timestamp_core::ParseError>(())
    /// ```
    pub fn parse_rfc9557(text: &str, suffix: Suffix) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text);
        let (fields, offset, offset_at) = cursor.date_time_offset()?;
        match suffix {
            Suffix::Check => cursor.suffix(offset)?,
            Suffix::Refuse if cursor.peek() == Some(b'[') => return cursor.fail(REFUSED),
            Suffix::Refuse => {}
        }
        cursor.end()?;
        cursor.instant(&fields, offset.minutes, offset_at)
    }
}

/// The calendars that were asked for. More than one contradict each other only where one of them is critical.
#[derive(Default)]
struct Calendars<'a> {
    first: Option<&'a [u8]>,
    is_critical: bool,
    differ: bool,
}

impl<'a> Cursor<'a> {
    fn suffix(&mut self, offset: LocalOffset) -> Result<(), ParseError> {
        let mut calendars = Calendars::default();
        let mut is_first = true;
        while self.skip(|byte| byte == b'[') {
            let inside_at = self.position();
            let is_critical = self.skip(|byte| byte == b'!');
            let end = self.rest().iter().find(|byte| matches!(byte, b'=' | b']' | b'['));
            if end == Some(&b'=') {
                self.tag(is_critical, inside_at, &mut calendars)?;
            } else if is_first {
                self.zone(is_critical, inside_at, offset)?;
            } else {
                return self.fail(ZONE_AFTER_TAG);
            }
            self.one_of(b"]", "`]`")?;
            is_first = false;
        }
        Ok(())
    }

    fn zone(&mut self, is_critical: bool, inside_at: usize, offset: LocalOffset) -> Result<(), ParseError> {
        let zone_at = self.position();
        if matches!(self.peek(), Some(b'+' | b'-')) {
            let agrees = self.offset()?.minutes == offset.minutes || !offset.is_known;
            return if agrees { Ok(()) } else { self.fail_at(zone_at, OTHER_OFFSET) };
        }
        let from = self.rest();
        self.zone_name()?;
        let name = &from[..self.position() - zone_at];
        if [&b"UTC"[..], b"Etc/UTC", b"GMT", b"Etc/GMT"].iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
            return if offset.minutes == 0 { Ok(()) } else { self.fail_at(zone_at, ZONE_IS_UTC) };
        }
        if is_critical { self.fail_at(inside_at, CRITICAL_ZONE) } else { Ok(()) }
    }

    /// Reads parts with `/` between them.
    fn zone_name(&mut self) -> Result<(), ParseError> {
        let mut what = ZONE_NAME;
        loop {
            let (part_at, from) = (self.position(), self.rest());
            if !self.skip(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_')) {
                return self.unexpected(what);
            }
            while self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+')) {}
            if matches!(&from[..self.position() - part_at], b"." | b"..") {
                return self.fail_at(part_at, Problem::Expected(ZONE_PART));
            }
            if !self.skip(|byte| byte == b'/') {
                return Ok(());
            }
            what = ZONE_PART;
        }
    }

    fn tag(&mut self, is_critical: bool, inside_at: usize, calendars: &mut Calendars<'a>) -> Result<(), ParseError> {
        let (key_at, from) = (self.position(), self.rest());
        if !self.skip(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return self.unexpected(KEY);
        }
        while self.skip(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')) {}
        let key = &from[..self.position() - key_at];
        self.one_of(b"=", KEY)?;
        let (value_at, from) = (self.position(), self.rest());
        self.values()?;
        let value = &from[..self.position() - value_at];
        if key.starts_with(b"_") {
            return self.fail_at(key_at, EXPERIMENT);
        }
        let is_calendar = key == b"u-ca";
        if is_critical && !(is_calendar && matches!(value, b"iso8601" | b"gregory")) {
            return self.fail_at(inside_at, CRITICAL_KEY);
        }
        if is_calendar {
            calendars.is_critical |= is_critical;
            calendars.differ |= *calendars.first.get_or_insert(value) != value;
            if calendars.is_critical && calendars.differ {
                return self.fail_at(key_at, CONTRADICTION);
            }
        }
        Ok(())
    }

    fn values(&mut self) -> Result<(), ParseError> {
        loop {
            if !self.skip(|byte| byte.is_ascii_alphanumeric()) {
                return self.unexpected(VALUE);
            }
            while self.skip(|byte| byte.is_ascii_alphanumeric()) {}
            if !self.skip(|byte| byte == b'-') {
                return Ok(());
            }
        }
    }
}
