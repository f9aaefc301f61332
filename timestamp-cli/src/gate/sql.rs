//! Finds what is refused in SQL: in files, and in string literals of other languages.
//!
//! Text is cut into tokens by sqlparser's tokenizer, and the rules look at these; its parser is not used, because a gate
//! must read every engine's statements, also those that no parser knows. Nothing is replaced by `--fix`: another type of
//! a column changes what stored rows mean, and a parameter needs somebody who passes it.

mod client;
mod clock_call;
mod flavour;
mod literal;
mod mention;
mod naive;
mod prose;
pub(crate) mod rules;
mod scanner;
mod source;
mod statement;
#[cfg(test)]
mod tests;
mod token;

use std::ops::Range;

use crate::gate::finding::{Finding, Unreadable};

use self::scanner::Place;
use self::source::Source;

/// Whether a word stands in a text without which no rule of SQL can find anything.
pub(crate) fn mentions_time(text: &str) -> bool {
    mention::of_time(text)
}

/// Adds what is refused in a file to `findings`.
///
/// # Errors
///
/// Where the file can not be read as SQL; what was found before and after that place is kept.
pub(crate) fn scan(text: &str, findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    if !mention::of_time(text) {
        return Ok(());
    }
    let (tokens, unreadable) = token::tokens(text);
    scanner::scan(Source { text, tokens: &tokens }, Place { locate: &|at| at, trigger: false, depth: 0 }, findings);
    unreadable.map_or(Ok(()), |at| {
        let why = "a quote or a comment that begins here and ends nowhere; the text was read on from the next line"
            .to_owned();
        Err(Unreadable { at, why })
    })
}

/// Adds what is refused in a string literal to `findings`, if the literal is SQL.
///
/// `text` is the literal's value; `locate` turns a place in it into the place in the file.
pub(crate) fn scan_literal(text: &str, locate: &dyn Fn(Range<usize>) -> Range<usize>, findings: &mut Vec<Finding>) {
    literal::scan(text, Place { locate, trigger: false, depth: 0 }, findings);
}
