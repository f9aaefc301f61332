//! Text to stamp: the one form that stamps are written in.

use std::fmt;

use super::NodeId;
use crate::EpochMs;
use crate::excerpt::Excerpt;

/// Why a text is not a stamp or a node, and at which byte.
///
/// The message shows at most 64 characters of the text, those around the mistake, and writes what is not printable ASCII
/// as an escape such as `\u{662}`.
///
/// # Example
///
/// ```
/// use timestamp_core::HybridStamp;
///
/// let error = "2026-01-31T12:34:56.789Z-3-2a".parse::<HybridStamp>().unwrap_err();
/// assert_eq!(error.position(), 25);
/// assert_eq!(
///     error.to_string(),
///     "at byte 25 of \"2026-01-31T12:34:56.789Z-3-2a\": expected a counter of 4 hexadecimal digits, lower case"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampParseError {
    expected: &'static str,
    position: usize,
    excerpt: Excerpt,
}

impl StampParseError {
    /// Returns the byte at which the text stops being what it should be.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for StampParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {} of {}: expected {}", self.position, self.excerpt, self.expected)
    }
}

impl std::error::Error for StampParseError {}

/// Reads a text from front to back, once.
pub(super) struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// Reads a time in the form that `EpochMs` writes, from 1970 on.
    pub(super) fn time(&mut self) -> Result<EpochMs, StampParseError> {
        let expected = "a time from 1970 on in the form `2026-01-31T12:34:56.789Z`";
        self.take(24, expected, |text| {
            let time: EpochMs = text.parse().ok()?;
            (time >= EpochMs::UNIX_EPOCH && time.to_text().as_str() == text).then_some(time)
        })
    }

    pub(super) fn hyphen(&mut self) -> Result<(), StampParseError> {
        self.take(1, "`-`, as in `2026-01-31T12:34:56.789Z-0003-000000000000002a`", |text| (text == "-").then_some(()))
    }

    pub(super) fn counter(&mut self) -> Result<u16, StampParseError> {
        let expected = "a counter of 4 hexadecimal digits, lower case";
        self.take(4, expected, |text| hexadecimal(text).and_then(|it| u16::try_from(it).ok()))
    }

    pub(super) fn node(&mut self) -> Result<NodeId, StampParseError> {
        self.take(16, "a node of 16 hexadecimal digits, lower case", |text| hexadecimal(text).map(NodeId::new))
    }

    pub(super) fn end(&self) -> Result<(), StampParseError> {
        if self.position == self.text.len() { Ok(()) } else { Err(self.fail("the text to end here")) }
    }

    fn take<T>(
        &mut self,
        width: usize,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StampParseError> {
        let part = self.text.get(self.position..self.position + width);
        let value = part.and_then(read).ok_or_else(|| self.fail(expected))?;
        self.position += width;
        Ok(value)
    }

    #[cold]
    fn fail(&self, expected: &'static str) -> StampParseError {
        StampParseError { expected, position: self.position, excerpt: Excerpt::around(self.text, self.position) }
    }
}

fn hexadecimal(text: &str) -> Option<u64> {
    // `from_str_radix` would take a sign, and upper case.
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if digits { u64::from_str_radix(text, 16).ok() } else { None }
}
