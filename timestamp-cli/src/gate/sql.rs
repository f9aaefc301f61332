//! Finds what is refused in SQL: in files, and in string literals of other languages.
//!
//! Text is cut into tokens by sqlparser's tokenizer, and the rules look at these; its parser is not used, because a gate
//! must read every engine's statements, also those that no parser knows. Nothing is replaced by `--fix`: another type of
//! a column changes what stored rows mean, and a parameter needs somebody who passes it.

mod client;
mod clock_call;
mod columns;
mod flavour;
mod literal;
mod naive;
mod piece;
mod prose;
pub(crate) mod rules;
mod scanner;
mod source;
mod statement;
#[cfg(test)]
mod tests;
mod token;
mod words;

use std::ops::Range;

use crate::gate::finding::{Finding, Unreadable};

use self::scanner::Place;
use self::source::Source;

pub(crate) use self::words::forms;

/// Whether a word stands in a text without which no rule of SQL can find anything.
pub(crate) fn mentions_time(text: &str) -> bool {
    words::are_in(text)
}

/// Adds what is refused in a file to `findings`.
///
/// # Errors
///
/// Where the file, or the body of a function in it, can not be read as SQL; what was found before and after that place is
/// kept.
pub(crate) fn scan(text: &str, findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    if !words::are_in(text) {
        return Ok(());
    }
    let (tokens, unreadable) = token::tokens(text);
    let scanned = scanner::scan(Source { text, tokens: &tokens }, Place::new(&|at| at), findings);
    unreadable.map_or(Ok(()), |at| Err(token::unreadable(at))).and(scanned)
}

/// Adds what is refused in a string literal to `findings`, if the literal is SQL.
///
/// `text` is the literal's value; `locate` turns a place in it into the place in the file.
///
/// # Errors
///
/// Where the body of a function in the literal can not be read. A quote that the literal itself leaves open is no error:
/// the next piece of a text that is put together may close it.
pub(crate) fn scan_literal(
    text: &str,
    locate: &dyn Fn(Range<usize>) -> Range<usize>,
    findings: &mut Vec<Finding>,
) -> Result<(), Unreadable> {
    literal::scan(text, Place::new(locate), findings)
}
