//! `Page`: part of a list, and the token that leads to the rest.

use std::fmt;
use std::str::FromStr;

use timestamp_core::{EpochMs, Record};

use crate::error::{BackendError, FindError};

/// One page of entities, newest first.
#[derive(Clone, Debug)]
pub struct Page<E> {
    /// The entities of this page.
    pub items: Vec<E>,
    /// What to pass as `after` for the next page; nothing if this is the last.
    pub next: Option<PageToken>,
}

/// A place in the list of most recently changed entities: when the last entity seen was changed, and its id.
///
/// It is a place, not a number of rows: a page does not shift when entities are added or touched meanwhile. As text it
/// can travel through a URL if the ids can; treat it as opaque.
///
/// The time is that of the column. Where the column keeps microseconds, as a `timestamptz` of PostgreSQL does, so does the
/// token, or a page that ends between two changes of one millisecond would be followed by one that repeats or skips them.
/// Such a token is refused by a table that keeps milliseconds.
///
/// # Example
///
/// ```
/// use timestamp_repo::PageToken;
///
/// let token: PageToken = "1769862896789~0190b7a4-5d4f-7bb0-9f5e-6f0b9c1d2e3f".parse()?;
/// assert_eq!(token.to_string(), "1769862896789~0190b7a4-5d4f-7bb0-9f5e-6f0b9c1d2e3f");
/// # Ok::<(), timestamp_repo::PageTokenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageToken {
    pub(crate) updated_at: EpochMs,
    /// On top of the milliseconds; less than 1000.
    pub(crate) micros: u16,
    pub(crate) id: String,
}

impl PageToken {
    /// The time, for a column that keeps milliseconds.
    pub(crate) fn millis(&self) -> Result<EpochMs, FindError> {
        if self.micros == 0 {
            return Ok(self.updated_at);
        }
        Err(FindError::Backend(BackendError::new(
            "the page token keeps microseconds, and the table milliseconds: begin with the first page again",
        )))
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { updated_at, micros, id } = self;
        match micros {
            0 => write!(f, "{}~{id}", updated_at.as_millis()),
            _ => write!(f, "{}.{micros:03}~{id}", updated_at.as_millis()),
        }
    }
}

impl FromStr for PageToken {
    type Err = PageTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, id) = text.split_once('~').ok_or(PageTokenError)?;
        let (millis, micros) = match time.split_once('.') {
            None => (time, 0),
            Some((millis, micros)) => (millis, three_digits(micros).ok_or(PageTokenError)?),
        };
        let millis = millis.parse().map_err(|_| PageTokenError)?;
        let updated_at = EpochMs::from_millis(millis).map_err(|_| PageTokenError)?;
        Ok(Self { updated_at, micros, id: id.to_owned() })
    }
}

fn three_digits(text: &str) -> Option<u16> {
    let is_number = text.len() == 3 && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// What a search has found.
#[derive(Debug)]
pub struct Selected<E> {
    /// The entities, in the order of the search.
    pub entities: Vec<E>,
    /// What the last one's time of change holds below its millisecond.
    pub last_micros: u16,
}

impl<E> From<Vec<E>> for Selected<E> {
    /// Of a database that keeps milliseconds.
    fn from(entities: Vec<E>) -> Self {
        Self { entities, last_micros: 0 }
    }
}

impl<E: Record> Selected<E> {
    /// As the page of a search that was limited to `limit`.
    pub(crate) fn into_page(self, limit: u32) -> Page<E> {
        let full = self.entities.len() >= limit as usize;
        let last = self.entities.last().filter(|_| full);
        let next = last.map(|last| PageToken {
            updated_at: last.updated_at(),
            micros: self.last_micros,
            id: last.id().to_string(),
        });
        Page { items: self.entities, next }
    }
}

/// A text that is no page token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTokenError;

impl fmt::Display for PageTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a page token: expected milliseconds, `~` and an id, as `PageToken` prints them")
    }
}

impl std::error::Error for PageTokenError {}

#[cfg(test)]
mod tests {
    use super::PageToken;

    #[test]
    fn a_token_with_microseconds_comes_back_from_its_text() {
        for text in ["-1.007~a~b", "-1~a~b", "1769862896789.999~", "0.001~7"] {
            assert_eq!(text.parse::<PageToken>().unwrap().to_string(), text);
        }
        assert_eq!("5.000~x".parse::<PageToken>().unwrap().to_string(), "5~x");
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in ["", "1", "1.5~a", "1.-05~a", "1.+05~a", "1.0005~a", "1.~a", ".001~a", "999999999999999~a"] {
            assert!(text.parse::<PageToken>().is_err(), "{text}");
        }
    }
}
