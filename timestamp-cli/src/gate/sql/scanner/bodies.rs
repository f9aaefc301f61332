//! Code in strings: bodies of functions, and statements that are executed as text.

use std::ops::Range;

use crate::gate::finding::Unreadable;

use super::super::source::{Lower, Source};
use super::super::{literal, statement, token};
use super::{Place, Scanner, scan};

/// How deep bodies of functions are read in each other.
const BODIES_DEEP: usize = 8;

/// How many tokens before and behind a body its language is looked for.
const AROUND: usize = 64;

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
        } else if self.statement.kind == statement::Kind::Routine && matches!(word.as_str(), "as") && self.is_sql(index)
        {
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
        let is_body = matches!(before, "as" | "do") || index >= 2 && self.source.is_word(index - 2, "language");
        if !is_body || self.is_sql(index) {
            self.inner(content, self.source.at(index).start + tag, is_body);
        }
    }

    /// Whether the body at a place is SQL, by the language that its statement names before or behind it.
    fn is_sql(&self, body: usize) -> bool {
        let source = &self.source;
        let is_end = |index: &usize| source.kind(*index).is_none() || source.is_symbol(*index, ";");
        let names = |index: &usize| source.is_word(*index, "language");
        let named = (body + 1..=body + AROUND)
            .take_while(|index| !is_end(index))
            .find(names)
            .or_else(|| (body.saturating_sub(AROUND)..body).rev().take_while(|index| !is_end(index)).find(names));
        named.is_none_or(|language| {
            let name = Lower::new(source.slice(language + 1).trim_matches(['\'', '"']));
            matches!(name.as_str(), "sql" | "plpgsql" | "plsql" | "edbspl")
        })
    }

    /// Scans text within this text: the body of a function, or a string that may be SQL.
    pub(super) fn inner(&mut self, text: &str, start: usize, body: bool) {
        let outer = self.place.locate;
        let locate = |at: Range<usize>| outer(start + at.start..start + at.end);
        if self.place.depth == BODIES_DEEP {
            let why = format!("code in strings, deeper than {BODIES_DEEP} in each other");
            return self.note(Err(Unreadable { at: locate(0..0).start, why }));
        }
        let place = Place {
            locate: &locate,
            kind: statement::Kind::Other,
            trigger: body && self.in_trigger(),
            depth: self.place.depth + 1,
        };
        if !body {
            let scanned = literal::scan(text, place, self.findings);
            return self.note(scanned);
        }
        let (tokens, unreadable) = token::tokens(text);
        let scanned = scan(Source { text, tokens: &tokens }, place, self.findings);
        let read = unreadable.map_or(Ok(()), |at| Err(token::unreadable(locate(at..at).start)));
        self.note(read.and(scanned));
    }

    /// Keeps the first part that could not be read.
    fn note(&mut self, outcome: Result<(), Unreadable>) {
        if self.unreadable.is_ok() {
            self.unreadable = outcome;
        }
    }
}
