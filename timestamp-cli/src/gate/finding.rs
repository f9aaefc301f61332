//! A place that breaks a rule, and a file that could not be read.

use std::ops::Range;
use std::sync::Arc;

use crate::gate::rule::Rule;

/// The most characters of a file that a message repeats.
const WORDS_SHOWN: usize = 64;

/// A place in a file that breaks a rule.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// The rule that is broken.
    pub(crate) rule: &'static Rule,
    /// Where, in bytes of the file.
    pub(crate) at: Range<usize>,
    /// What stands there, escaped and cut; see [`words`].
    pub(crate) words: String,
    /// What makes it right, where that is certain.
    pub(crate) fix: Option<Fix>,
    /// The function around it, with its type: `Task::complete`.
    pub(crate) within: Option<Arc<str>>,
}

impl Finding {
    /// Returns a finding at a place of `text`, without a fix.
    pub(crate) fn new(rule: &'static Rule, text: &str, at: Range<usize>) -> Self {
        let words = words(text.get(at.clone()).unwrap_or_default());
        Self { rule, at, words, fix: None, within: None }
    }
}

/// A replacement that is certain to mean what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fix {
    /// What is replaced, in bytes of the file.
    pub(crate) at: Range<usize>,
    /// What stands there afterwards.
    pub(crate) text: String,
}

/// A file that a scanner could not read, or the part of it where it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Where the scanner gave up, in bytes of the file.
    pub(crate) at: usize,
    /// What it expected there, as a clause without a full stop.
    pub(crate) why: String,
}

/// Returns code as messages show it: one line, control characters escaped, at most 64 characters.
///
/// Where a line ends, a space stands for the end and the indentation, so that the words are the same however the code is
/// laid out.
pub(crate) fn words(code: &str) -> String {
    let mut shown = String::new();
    let mut rest = code;
    for count in 0.. {
        let blank = rest.len() - rest.trim_start().len();
        let ends_line = rest.get(..blank).is_some_and(|blank| blank.contains('\n'));
        let Some(first) = rest.chars().next() else { break };
        if count == WORDS_SHOWN {
            shown.pop();
            shown.push('…');
            break;
        }
        let character = if ends_line { ' ' } else { first };
        rest = rest.get(if ends_line { blank } else { first.len_utf8() }..).unwrap_or_default();
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_of_at_most_64_characters() {
        assert_eq!(words("a\tb\r\u{1b}"), "a\\tb\\r\\u{1b}");
        assert_eq!(words(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(words(&"é".repeat(65)), format!("{}…", "é".repeat(63)));
    }

    #[test]
    fn words_do_not_depend_on_how_code_is_laid_out() {
        for code in ["SystemTime\n::now", "SystemTime\r\n    ::now", "SystemTime  \n\n\t::now"] {
            assert_eq!(words(code), "SystemTime ::now");
        }
        assert_eq!(words("%F  %T"), "%F  %T");
        assert_eq!(words("a\n"), "a ");
    }
}
