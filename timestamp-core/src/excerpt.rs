//! `Excerpt`: what the refusal of a text shows of it: 64 characters at most, in printable ASCII.

use std::fmt;

/// How many characters of a refused text are shown at most.
const SHOWN: usize = 64;

/// How many of them may stand before the place of the mistake, so that there is room for what follows it.
const SHOWN_BEFORE: usize = 40;

/// The part of a text that is shown, already escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    escaped: Box<str>,
    cut_before: bool,
    cut_after: bool,
}

impl Excerpt {
    /// Cuts out what is around a byte.
    pub(crate) fn around(text: &str, position: usize) -> Self {
        let place = text.get(..position).unwrap_or_default();
        let begin = place.char_indices().rev().take(SHOWN_BEFORE).last().map_or(0, |(index, _)| index);
        // Near its end, more of what stands before the place, so that the room is used.
        let last = text.char_indices().rev().take(SHOWN).last().map_or(0, |(index, _)| index);
        let from = begin.min(last);
        let rest = &text[from..];
        let length = rest.char_indices().nth(SHOWN).map_or(rest.len(), |(index, _)| index);
        Self {
            escaped: rest[..length].escape_default().to_string().into(),
            cut_before: from > 0,
            cut_after: length < rest.len(),
        }
    }
}

/// In quotes, with dots where it is cut.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dots = |cut| if cut { ".." } else { "" };
        write!(f, "{}\"{}\"{}", dots(self.cut_before), self.escaped, dots(self.cut_after))
    }
}
