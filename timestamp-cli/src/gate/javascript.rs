//! Finds what is refused in JavaScript and TypeScript.
//!
//! A modest list, and no types: a date is known where it is made, or by its name. Text that is joined, kept in a variable
//! or shaped by `Intl` is not followed.

mod literal;
pub(crate) mod rules;
mod scanner;
#[cfg(test)]
mod tests;
mod text;
mod token;

use crate::gate::finding::{Finding, Unreadable};
use crate::gate::sql;

/// Adds what is refused in a file to `findings`.
///
/// # Errors
///
/// Where the file can not be read as what it should be; findings before that place are kept.
pub(crate) fn scan(text: &str, findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    if !mentions_time(text) {
        return Ok(());
    }
    let (tokens, unreadable) = token::tokens(text);
    scanner::scan(text, &tokens, findings);
    let literals = literal::scan(text, &tokens, findings);
    let tokens = unreadable.map_or(Ok(()), |at| {
        let why = "a comment or a template that begins here and ends nowhere".to_owned();
        Err(Unreadable { at, why })
    });
    tokens.and(literals)
}

/// Whether a word stands in a file without which no rule can find anything. `Date` is one of SQL's words too.
fn mentions_time(text: &str) -> bool {
    const WORDS: [&str; 4] = ["toLocale", "moment", "dayjs", "ISO"];
    sql::mentions_time(text)
        || WORDS.iter().any(|word| text.contains(word))
        || text.contains("Date")
        || text.contains(".get")
}
