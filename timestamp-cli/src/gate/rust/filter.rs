//! Tells without parsing which files can hold something that is refused.
//!
//! Most files mention no time at all, and looking for words is fifty times cheaper than reading a syntax tree.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError, MatchKind};

use crate::gate::finding::Finding;
use crate::gate::rust::strings;
use crate::gate::rust::watched::{self, Watched};
use crate::gate::sql;

/// Pieces of patterns by which times are written; whole words are in [`watched::WORDS`].
const PIECES: &[&str] =
    &["%H", "%T", "%S", "%R", "%X", "%c", "[hour", "table!", "modified()", "accessed()", "created()"];

/// Words of many files in which nothing is refused; a file needs one of the pieces beside it too.
const ONLY_WITH: &[(&str, &[&str])] = &[
    ("Timestamp", &["time::"]),
    ("diesel", &["now"]),
    ("js_sys", &["Date"]),
    ("sea_orm", SEA),
    ("sea_query", SEA),
    ("sea_orm_migration", SEA),
];
const SEA: &[&str] = &["current_", "CurrentTimestamp", "DateTime"];

/// Crates of which few functions ask for the time; a file needs one of those words too.
const C: &[&str] = &["libc", "nix", "rustix"];
const C_WORDS: &[&str] = &["time", "ftime", "localtime", "mktime"];

/// What stands in a file, as far as words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Rust,
    /// Rust, with one of these pieces.
    With(&'static [&'static str]),
    C,
    Sql,
}

/// Looks for the words of rules.
#[derive(Debug)]
pub(crate) struct Filter {
    search: AhoCorasick,
    words: Vec<(String, Standing)>,
}

impl Filter {
    /// Looks for the words of these paths, and of all other rules.
    ///
    /// # Errors
    ///
    /// There are more words than a search can hold.
    pub(crate) fn new(watched: &[Watched]) -> Result<Self, BuildError> {
        let own = watched.iter().filter(|watched| watched.own).map(|watched| (watched.word(), Standing::Rust));
        let rust = watched::WORDS.iter().chain(PIECES).map(|word| {
            let with = ONLY_WITH.iter().find(|(other, _)| other == word);
            (*word, with.map_or(Standing::Rust, |(_, pieces)| Standing::With(pieces)))
        });
        let c = C.iter().map(|word| (*word, Standing::C));
        let sql = sql::forms().map(|form| (form, Standing::Sql));
        let words = own.chain(rust).chain(c).chain(sql).map(|(word, standing)| (word.to_owned(), standing));
        Self::of(words.collect(), true)
    }

    /// Looks for names that stand for something watched.
    ///
    /// # Errors
    ///
    /// There are more words than a search can hold.
    pub(crate) fn of_names(names: impl IntoIterator<Item = String>) -> Result<Self, BuildError> {
        // In their case: a few such words are found several bytes at a time.
        Self::of(names.into_iter().map(|name| (name, Standing::Rust)).collect(), false)
    }

    fn of(words: Vec<(String, Standing)>, in_any_case: bool) -> Result<Self, BuildError> {
        // For more than a hundred words the builder would choose an automaton that takes twice as long over each byte.
        let search = AhoCorasickBuilder::new()
            .kind((words.len() < 1_000).then_some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(in_any_case)
            .build(words.iter().map(|(word, _)| word))?;
        Ok(Self { search, words })
    }

    /// Whether a file has to be read.
    pub(crate) fn concerns(&self, text: &str) -> bool {
        let (mut c, mut sql, mut with) = (false, false, Vec::<&[&str]>::new());
        for found in self.search.find_iter(text) {
            let (at, Some((word, standing))) = (found.range(), self.words.get(found.pattern().as_usize())) else {
                continue;
            };
            if !is_whole(text.as_bytes(), &at) {
                continue;
            }
            let is_in_case = text.get(at) == Some(word);
            match standing {
                Standing::Rust if is_in_case => return true,
                // Another file may use it by another name.
                Standing::With(_) | Standing::C if is_in_case && is_handed_on(text, found.start()) => return true,
                // Each is looked for once, however often the word stands there.
                Standing::With(pieces) if is_in_case => {
                    if !with.contains(pieces) {
                        if pieces.iter().any(|piece| text.contains(piece)) {
                            return true;
                        }
                        with.push(pieces);
                    }
                }
                // `LOCALTIME` is SQL where `localtime` is a function of C.
                Standing::Rust | Standing::With(_) => sql |= sql::forms().any(|form| word.eq_ignore_ascii_case(form)),
                Standing::C => c = true,
                Standing::Sql => sql = true,
            }
        }
        c && C_WORDS.iter().any(|word| has_word(text, word)) || sql && has_refused_sql(text)
    }
}

pub(super) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Whether the statement before a place is a `pub use`, or a `pub extern crate`.
fn is_handed_on(text: &str, at: usize) -> bool {
    /// How far back the statement can begin.
    const BACK: usize = 64;
    let from = (at.saturating_sub(BACK)..at).find(|from| text.is_char_boundary(*from)).unwrap_or(at);
    let before = text.get(from..at).unwrap_or_default();
    let statement = before.rsplit([';', '}']).next().unwrap_or_default();
    statement.find("pub").is_some_and(|public| {
        statement.get(public..).is_some_and(|rest| rest.contains(" use ") || rest.contains(" crate "))
    })
}

/// Whether a word or a piece stands at a place as itself. A word goes on in neither direction, a piece may end within one.
fn is_whole(text: &[u8], at: &Range<usize>) -> bool {
    let is_joined = |end: usize| {
        end.checked_sub(1).and_then(|left| text.get(left..=end)).is_some_and(|two| two.iter().copied().all(is_of_word))
    };
    let is_word = || text.get(at.clone()).is_some_and(|word| word.iter().copied().all(is_of_word));
    !(is_joined(at.start) || is_joined(at.end) && is_word())
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| is_whole(text.as_bytes(), &(at..at + word.len())))
}

/// Whether a string literal of the file holds SQL that is refused, or can not be read to its end.
fn has_refused_sql(text: &str) -> bool {
    let mut findings: Vec<Finding> = Vec::new();
    strings::literals(text)
        .any(|literal| sql::scan_literal(&literal.value, &|part| part, &mut findings).is_err() || !findings.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::rust::watched::PATHS;

    #[test]
    fn words_count_only_as_whole_words_in_their_case() {
        let filter = Filter::new(PATHS).unwrap();
        for text in ["SystemTime", "a(SystemTime)", "x.format(\"%H:%M\")", "use libc::{c_int, time};", "\u{e9} Utc"] {
            assert!(filter.concerns(text), "{text}");
        }
        for text in [r#""SELECT LOCALTIME""#, r#""CREATE TABLE t (at timestamp)""#, "use time::Timestamp as At;"] {
            assert!(filter.concerns(text), "{text}");
        }
        for text in ["use diesel::dsl::now;", "use sea_query::Expr; Expr::current_timestamp()", "jiff::Timestamp"] {
            assert!(filter.concerns(text), "{text}");
        }
        for text in [
            "pub use libc;",
            "pub(crate) use libc::{self as c};",
            "pub extern crate nix;",
            "pub use js_sys as js;",
            "use js_sys as js; js::Date::now()",
            "pub use sea_orm::prelude::*;",
        ] {
            assert!(filter.concerns(text), "{text}");
        }
        for text in ["pub fn f() { libc::open() }", "pub use a; use libc;"] {
            assert!(!filter.concerns(text), "{text}");
        }
        for text in
            ["struct Timestamp(u64);", "js_sys::Array::new()", "use diesel::prelude::*;", "use sea_orm::EntityTrait;"]
        {
            assert!(!filter.concerns(text), "{text}");
        }
        for text in ["", "MySystemTime", "systemtime", "libc::c_int; lifetime", "Utc2", "UTC", "let now = 1;"] {
            assert!(!filter.concerns(text), "{text}");
        }
    }

    #[test]
    fn names_that_differ_in_case_are_both_looked_for() {
        for names in [["wall", "Wall"], ["Wall", "wall"]] {
            let filter = Filter::of_names(names.map(str::to_owned)).unwrap();
            assert!(filter.concerns("wall::now()") && filter.concerns("Wall::now()"), "{names:?}");
            assert!(!filter.concerns("WALL::now()"), "{names:?}");
        }
    }

    #[test]
    fn every_watched_path_has_a_word_to_look_for() {
        let filter = Filter::new(PATHS).unwrap();
        for watched in PATHS {
            let text = format!("use {}::{};", watched.crates[0], watched.end);
            assert!(filter.concerns(&text), "{text}");
        }
    }
}
