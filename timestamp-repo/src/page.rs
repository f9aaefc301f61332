//! `Page`: part of a list, and the token that leads to the rest.

use std::fmt;
use std::str::FromStr;

use timestamp_core::EpochMs;

/// One page of entities, newest first.
#[derive(Clone, Debug)]
pub struct Page<E> {
    /// The entities of this page.
    pub items: Vec<E>,
    /// What to pass as `after` for the next page; nothing if this is the last.
    pub next: Option<PageToken>,
}

/// A place in the list of most recently changed entities: `updated_at` and id of the last entity seen.
///
/// It is a place, not a number of rows: a page does not shift when entities are added or touched meanwhile. As text it
/// can travel through a URL if the ids can; treat it as opaque.
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
    pub(crate) id: String,
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.updated_at.as_millis(), self.id)
    }
}

impl FromStr for PageToken {
    type Err = PageTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (millis, id) = text.split_once('~').ok_or(PageTokenError)?;
        let millis = millis.parse().map_err(|_| PageTokenError)?;
        let updated_at = EpochMs::from_millis(millis).map_err(|_| PageTokenError)?;
        Ok(Self { updated_at, id: id.to_owned() })
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
