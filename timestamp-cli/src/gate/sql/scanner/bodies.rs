//! Code in strings: bodies of functions, and statements that are executed as text.

use std::ops::Range;

use super::super::source::{Lower, Source};
use super::super::{literal, statement, token};
use super::{Place, Scanner, scan};

/// How deep bodies of functions are read in each other.
const BODIES_DEEP: usize = 8;

impl Scanner<'_, '_> {
    /// Bodies of functions in single quotes, and statements that are executed as text.
    pub(super) fn text(&mut self, index: usize) {
        let Some(content) = self.source.content(index) else { return };
        let Some(before) = index.checked_sub(1) else { return };
        let start = self.source.at(index).end - "'".len() - content.len();
        let word = self.source.word(before);
        let formatted = index >= 3 && self.source.are_words(index - 3, &["execute", "format"]);
        if word.as_str() == "execute" || formatted {
            self.inner(content, start, false);
        } else if self.statement.kind == statement::Kind::Routine && matches!(word.as_str(), "as") {
            // A quote is written twice in there; as a space and a quote it is the same code at the same places.
            self.inner(&content.replace("''", " '"), start, true);
        }
    }

    pub(super) fn dollar(&mut self, index: usize) {
        let quoted = self.source.slice(index);
        let Some(tag) = quoted.get(1..).and_then(|rest| rest.find('$')).map(|tag| tag + "$$".len()) else { return };
        let Some(content) = quoted.get(tag..quoted.len().saturating_sub(tag)) else { return };
        let before = index.checked_sub(1).map(|before| self.source.word(before));
        let before = before.as_ref().map(Lower::as_str).unwrap_or_default();
        let language = index >= 2 && self.source.is_word(index - 2, "language");
        self.inner(content, self.source.at(index).start + tag, language || matches!(before, "as" | "do"));
    }

    /// Scans text within this text: the body of a function, or a string that may be SQL.
    pub(super) fn inner(&mut self, text: &str, start: usize, body: bool) {
        if self.place.depth == BODIES_DEEP {
            return;
        }
        let outer = self.place.locate;
        let locate = |at: Range<usize>| outer(start + at.start..start + at.end);
        let place = Place { locate: &locate, trigger: body && self.in_trigger(), depth: self.place.depth + 1 };
        if body {
            let (tokens, _) = token::tokens(text);
            scan(Source { text, tokens: &tokens }, place, self.findings);
        } else {
            literal::scan(text, place, self.findings);
        }
    }
}
