//! `ParseError`: why a text is not an instant, where, and what it looks like there.

use std::fmt;

use crate::excerpt::Excerpt;

/// Why a text is not an instant, and at which byte.
///
/// [`EpochMs`](crate::EpochMs) reads RFC 3339: `2026-01-31T12:34:56.789Z`. The fraction may be missing or have any number
/// of digits; what is finer than a millisecond is dropped, which rounds towards the past. The offset may be any from
/// `-23:59` to `+23:59`, and `T` and `Z` may be lower case, or a space in place of `T`.
///
/// Refused are: a text without an offset, for nobody can say which instant it means; the leap second `:60`, which epoch
/// milliseconds do not have; a date that the calendar does not have; and an instant that leaves the years 0000 to 9999
/// once its offset is applied. [`EpochMs::parse_naive`](crate::EpochMs::parse_naive) and
/// [`EpochMs::parse_rfc9557`](crate::EpochMs::parse_rfc9557) read what this leaves out.
///
/// The message shows at most 64 characters of the text, those around the mistake, and writes what is not printable ASCII
/// as an escape such as `\u{662}`. The error is one pointer.
///
/// # Example
///
/// ```
/// use timestamp_core::EpochMs;
///
/// let error = "2026-02-29T12:34:56Z".parse::<EpochMs>().unwrap_err();
/// assert_eq!(error.position(), 8);
/// assert_eq!(error.to_string(), "at byte 8 of \"2026-02-29T12:34:56Z\": the month does not have this day");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ParseError(Box<Refusal>);

#[derive(Clone, PartialEq, Eq)]
struct Refusal {
    problem: Problem,
    position: usize,
    excerpt: Excerpt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// The text goes on with something else.
    Expected(&'static str),
    /// The text ends.
    Missing(&'static str),
    /// The text goes on with a character that no time has, and that may look like the right one.
    NotAscii(&'static str),
    /// What is there can be read, and a rule forbids it.
    Rule(&'static str),
}

impl ParseError {
    /// Only this is not inlined: it is the end of a text that is wrong, and those who read a right one need no code for it.
    #[cold]
    #[inline(never)]
    pub(super) fn new(problem: Problem, text: &str, position: usize) -> Self {
        Self(Box::new(Refusal { problem, position, excerpt: Excerpt::around(text, position) }))
    }

    /// Returns the byte at which the text stops being an instant; the text's length if something is missing at its end.
    #[must_use]
    pub fn position(&self) -> usize {
        self.0.position
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {} of {}: ", self.0.position, self.0.excerpt)?;
        match self.0.problem {
            Problem::Expected(what) => write!(f, "expected {what}"),
            Problem::Missing(what) => write!(f, "the text ends, expected {what}"),
            Problem::NotAscii(what) => {
                write!(f, "expected {what}; the character there is not ASCII, as every character of a time is")
            }
            Problem::Rule(rule) => f.write_str(rule),
        }
    }
}

/// The same as [`Display`](fmt::Display), in quotes.
impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({:?})", self.to_string())
    }
}

impl std::error::Error for ParseError {}
