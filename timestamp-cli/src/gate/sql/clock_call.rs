//! Calls and keywords by which SQL asks the server for the time.

use super::source::Source;
use super::token::Kind;
use super::words::{self, Called, Clock};

/// A call that asks for the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockCall {
    /// The token after it.
    pub(super) end: usize,
    /// Whether it gives an instant that knows its zone.
    pub(super) zoned: bool,
}

/// Reads a call or a keyword that asks for the time, at a word.
///
/// Functions of SQLite such as `datetime('now')` depend on their arguments, and are judged where these end.
pub(super) fn clock_call(source: &Source<'_>, index: usize) -> Option<ClockCall> {
    let word = source.word(index).meaning()?;
    let call = match word.clock {
        Some(Clock { called: Called::Always, zoned }) => ClockCall { end: called_empty(source, index + 1)?, zoned },
        // A column may be called so, where it is no function.
        Some(Clock { called: Called::Perhaps, .. }) if word.text == "sysdate" && source.is_symbol(index + 1, "=") => {
            return None;
        }
        Some(Clock { called: Called::Perhaps, zoned }) => {
            ClockCall { end: called_empty(source, index + 1).unwrap_or(index + 1), zoned }
        }
        None if word.text == "current" && ["timestamp", "date", "time"].contains(&source.word(index + 1).as_str()) => {
            ClockCall { end: index + 2, zoned: false }
        }
        None => return None,
    };
    is_free(source, index).then_some(call)
}

/// Whether a word is the server's own: no column of a table, no variable, no name that is being given.
pub(super) fn is_free(source: &Source<'_>, index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else { return true };
    if source.is_symbol(before, ".") {
        return before
            .checked_sub(1)
            .is_some_and(|schema| ["pg_catalog", "sys"].contains(&source.word(schema).as_str()));
    }
    // `@now` and `:now`, but not what is assigned by `:=`. After `::` stands a type, or code of another language.
    if ["@", ":", "::", "$"].iter().any(|mark| source.is_symbol(before, mark)) {
        return false;
    }
    let executed = before.checked_sub(1).is_some_and(|execute| source.is_word(execute, "execute"));
    let before = source.word(before);
    executed
        || !matches!(
            before.as_str(),
            "function" | "procedure" | "as" | "table" | "into" | "view" | "column" | "routine"
        )
}

/// Returns the token after `()` or a precision such as `(3)`.
fn called_empty(source: &Source<'_>, index: usize) -> Option<usize> {
    if !source.is_symbol(index, "(") {
        return None;
    }
    if source.is_symbol(index + 1, ")") {
        return Some(index + 2);
    }
    (source.kind(index + 1) == Some(Kind::Value) && source.is_symbol(index + 2, ")")).then_some(index + 3)
}

/// Whether text is one of PostgreSQL's words for a time that moves.
pub(super) fn is_moving_text(text: &str) -> bool {
    words::find(text.trim()).is_some_and(|word| word.moves)
}
