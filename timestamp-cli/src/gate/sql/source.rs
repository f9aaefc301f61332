//! Tokens beside the text they were cut from, with the questions that every rule asks of them.

use std::ops::Range;

use super::token::{Kind, Token};

/// The longest keyword or function that any rule knows.
pub(super) const LONGEST: usize = 24;

/// Tokens of one text. Places past the end answer "no".
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
}

/// A word in lower case, as far as any rule may know it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lower {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Lower {
    pub(super) fn new(word: &str) -> Self {
        let mut lower = Self { bytes: [0; LONGEST], length: 0 };
        if word.len() <= LONGEST && word.is_ascii() {
            lower.length = word.len();
            for (to, from) in lower.bytes.iter_mut().zip(word.bytes()) {
                *to = from.to_ascii_lowercase();
            }
        }
        lower
    }

    /// Returns the word, or nothing for one that no rule knows.
    pub(super) fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl<'a> Source<'a> {
    pub(super) fn kind(&self, index: usize) -> Option<Kind> {
        #[cfg(test)]
        crate::gate::work::add(1);
        self.tokens.get(index).map(|token| token.kind)
    }

    pub(super) fn at(&self, index: usize) -> Range<usize> {
        self.tokens.get(index).map_or(self.text.len()..self.text.len(), |token| token.at.clone())
    }

    /// Returns the text of a token; nothing past the end.
    pub(super) fn slice(&self, index: usize) -> &'a str {
        self.text.get(self.at(index)).unwrap_or_default()
    }

    /// Returns a keyword or a bare name in lower case; nothing for any other token.
    pub(super) fn word(&self, index: usize) -> Lower {
        Lower::new(if self.kind(index) == Some(Kind::Word) { self.slice(index) } else { "" })
    }

    pub(super) fn is_word(&self, index: usize, word: &str) -> bool {
        self.kind(index) == Some(Kind::Word) && self.slice(index).eq_ignore_ascii_case(word)
    }

    pub(super) fn is_symbol(&self, index: usize, symbol: &str) -> bool {
        self.kind(index) == Some(Kind::Symbol) && self.slice(index) == symbol
    }

    /// Whether these words follow each other from `index` on.
    pub(super) fn are_words(&self, index: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, word)| self.is_word(index + offset, word))
    }

    /// Whether a name can stand at `index`: quoted or not.
    pub(super) fn is_name(&self, index: usize) -> bool {
        matches!(self.kind(index), Some(Kind::Word | Kind::Quoted))
    }

    /// Returns what stands between the quotes of a string.
    pub(super) fn content(&self, index: usize) -> Option<&'a str> {
        if self.kind(index) != Some(Kind::Text) {
            return None;
        }
        let opened = self.slice(index).find(['\'', '"'])?;
        self.slice(index).get(opened + 1..)?.strip_suffix(['\'', '"'])
    }
}
