//! Whether a string literal is SQL, and then what is refused in it.
//!
//! Most literals are not, and are turned away by their first words. What begins like a statement must have the shape of
//! one: "Update now() and then" has no `SET`, "Create table timestamps now()" no parenthesis. `SELECT` and conditions,
//! which may be anything, are read by [`prose`]; pieces of statements, which stand alone, by [`piece`].

use crate::gate::finding::Unreadable;

use super::clock_call::clock_call;
use super::naive::{TimeType, time_type};
use super::piece;
use super::prose;
use super::scanner::{self, Place};
use super::source::{Lower, Source};
use super::statement;
use super::token::{self, Kind};
use super::words;

/// How many tokens a list of columns before `AS` may have, and the like.
const AHEAD: usize = 256;

/// Adds what is refused in `text` to `findings`, if it is SQL.
///
/// # Errors
///
/// Where the body of a function in it can not be read.
pub(super) fn scan(text: &str, place: Place<'_>, findings: &mut Vec<super::Finding>) -> Result<(), Unreadable> {
    if !(begins_like_statement(text) || piece::may_begin(text)) || !words::are_in(text) {
        return Ok(());
    }
    let (tokens, _) = token::tokens(text);
    let source = Source { text, tokens: &tokens };
    let mut outcome = Ok(());
    let mut start = 0;
    while start < tokens.len() {
        let to_end = holds_statements(&source, start);
        let ahead = if to_end { None } else { (start..tokens.len()).find(|index| source.is_symbol(*index, ";")) };
        let end = ahead.unwrap_or(tokens.len());
        let statement = Source { text, tokens: tokens.get(start..end).unwrap_or_default() };
        if is_statement(&statement, 0) {
            outcome = outcome.and(scanner::scan(statement, place, findings));
        } else if start == 0
            && end + 1 >= tokens.len()
            && let Some(kind) = piece::kind(&statement)
        {
            outcome = outcome.and(scanner::scan(statement, Place { kind, ..place }, findings));
        }
        start = end + 1;
    }
    outcome
}

/// Whether the first word of a text may begin a statement, or a condition. Looks at a few bytes only, besides comments.
fn begins_like_statement(text: &str) -> bool {
    let mut rest =
        after_placeholder(text).trim_start_matches(|character: char| character.is_whitespace() || character == '(');
    while let Some(after) = comment(rest) {
        rest = after.trim_start();
    }
    let word = rest.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
    matches!(
        Lower::new(word).as_str(),
        "select"
            | "insert"
            | "update"
            | "delete"
            | "create"
            | "alter"
            | "with"
            | "replace"
            | "merge"
            | "explain"
            | "values"
            | "set"
            | "where"
            | "and"
            | "or"
            | "having"
            | "add"
            | "do"
            | "declare"
            | "begin"
            | "start"
            | "commit"
            | "drop"
            | "pragma"
            | "truncate"
            | "call"
            | "use"
            | "lock"
            | "grant"
            | "comment"
            | "on"
    )
}

/// Returns what follows a `{placeholder}` at the start, where a condition may be added to what it stands for.
fn after_placeholder(text: &str) -> &str {
    let inner = text.trim_start().strip_prefix('{').and_then(|inner| inner.split_once('}'));
    inner.filter(|(name, _)| name.len() <= 32).map_or(text, |(_, rest)| rest)
}

/// Returns what follows a comment at the start.
fn comment(text: &str) -> Option<&str> {
    if text.starts_with("--") {
        return text.split_once('\n').map(|(_, after)| after);
    }
    text.strip_prefix("/*").and_then(|comment| comment.split_once("*/")).map(|(_, after)| after)
}

/// Whether semicolons from here on may belong to the statement.
fn holds_statements(source: &Source<'_>, start: usize) -> bool {
    matches!(statement::kind(source, start), Some(statement::Kind::Routine | statement::Kind::Trigger))
}

/// Whether a word has one capital, and begins with it, as the first of a sentence does.
pub(super) fn is_capitalized(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_uppercase())
        && bytes.next().is_some_and(|second| second.is_ascii_lowercase())
        && bytes.all(|rest| rest.is_ascii_lowercase())
}

/// Whether tokens from `start` on have the shape of a statement, or of a condition.
fn is_statement(source: &Source<'_>, start: usize) -> bool {
    if source.is_symbol(start, "(") {
        return is_statement(source, start + 1);
    }
    if let Some(end) = placeholder(source, start).filter(|_| start == 0) {
        return matches!(source.word(end).as_str(), "where" | "and" | "or") && is_statement(source, end);
    }
    let next = start + 1;
    match source.word(start).as_str() {
        // "Select now() later": who writes so writes English, unless it is from a table.
        "select"
            if is_capitalized(source.slice(start))
                && !(start..source.tokens.len()).any(|index| source.is_word(index, "from")) =>
        {
            prose::reads_strictly(source, start)
        }
        "select" => prose::reads_as_sql(source, start),
        "values" => source.is_symbol(next, "(") && prose::reads_as_sql(source, start),
        "where" | "and" | "or" | "having" => prose::compares(source) && prose::reads_as_sql(source, start),
        "insert" | "replace" | "merge" => is_insert(source, next),
        "update" => is_update(source, next),
        "delete" => is_delete(source, next),
        "create" => is_create(source, next),
        "alter" | "add" => is_alter(source, start),
        "with" => is_with(source, next),
        "set" => name(source, next).is_some_and(|end| source.is_symbol(end, "=")) && prose::reads_as_sql(source, start),
        "do" => matches!(source.kind(next), Some(Kind::Dollar)),
        "declare" => source.is_symbol(next, "@"),
        "call" => is_call(source, next),
        "explain" => (next..next + 12)
            .find(|index| matches!(source.word(*index).as_str(), "select" | "insert" | "update" | "delete" | "with"))
            .is_some_and(|verb| is_statement(source, verb)),
        "on" if source.is_word(next, "conflict") || source.is_word(next, "duplicate") => {
            prose::compares(source) && prose::reads_as_sql(source, start)
        }
        _ => false,
    }
}

/// A procedure, called and nothing more. "Call now()" is English.
fn is_call(source: &Source<'_>, start: usize) -> bool {
    let called = name(source, start).is_some_and(|end| source.is_symbol(end, "("));
    let ends = source.tokens.len().checked_sub(1).is_some_and(|last| source.is_symbol(last, ")"));
    called && ends && clock_call(source, start).is_none() && prose::reads_as_sql(source, start)
}

fn is_insert(source: &Source<'_>, start: usize) -> bool {
    let Some(into) = (start..start + 3).find(|index| source.is_word(*index, "into")) else { return false };
    let Some(end) = name(source, into + 1) else { return false };
    source.is_symbol(end, "(")
        || placeholder(source, end).is_some()
        || matches!(
            source.word(end).as_str(),
            "values" | "select" | "default" | "set" | "as" | "overriding" | "with" | "using"
        )
        || source.is_word(end + 1, "using")
}

fn is_update(source: &Source<'_>, start: usize) -> bool {
    let start = match source.word(start).as_str() {
        "or" => start + 2,
        "only" | "ignore" | "low_priority" => start + 1,
        _ => start,
    };
    let Some(end) = name(source, start) else { return false };
    let end = if source.is_word(end, "as") { end + 1 } else { end };
    let Some(set) = (end..=end + 1).find(|index| source.is_word(*index, "set")) else { return false };
    source.is_symbol(set + 1, "(")
        || placeholder(source, set + 1).is_some()
        || name(source, set + 1).is_some_and(|column| source.is_symbol(column, "="))
}

fn is_delete(source: &Source<'_>, start: usize) -> bool {
    if !source.is_word(start, "from") {
        return false;
    }
    let only = usize::from(source.is_word(start + 1, "only"));
    let Some(end) = name(source, start + 1 + only) else { return false };
    let clause = |index: usize| {
        source.kind(index).is_none()
            || placeholder(source, index).is_some()
            || matches!(source.word(index).as_str(), "where" | "using" | "returning" | "as" | "limit" | "order")
    };
    (clause(end) || clause(end + 1)) && prose::reads_as_sql(source, start)
}

fn is_create(source: &Source<'_>, start: usize) -> bool {
    let Some(what) = (start..start + 12).find(|index| {
        matches!(
            source.word(*index).as_str(),
            "table"
                | "function"
                | "procedure"
                | "trigger"
                | "view"
                | "index"
                | "type"
                | "domain"
                | "rule"
                | "event"
                | "policy"
        )
    }) else {
        return false;
    };
    let mut named = what + 1;
    while matches!(source.word(named).as_str(), "if" | "not" | "exists" | "concurrently") {
        named += 1;
    }
    let kind = source.word(what);
    if kind.as_str() == "index" && source.is_word(named, "on") {
        return true;
    }
    let Some(end) = name(source, named) else { return false };
    let after = source.word(end);
    let after = after.as_str();
    match kind.as_str() {
        "policy" => after == "on" && prose::compares(source) && prose::reads_as_sql(source, end + 1),
        "table" => {
            source.is_symbol(end, "(")
                || placeholder(source, end).is_some()
                || matches!(after, "as" | "partition" | "of" | "like" | "using")
        }
        "function" | "procedure" => source.is_symbol(end, "("),
        "trigger" => matches!(after, "before" | "after" | "instead" | "on" | "insert" | "update" | "delete" | "for"),
        "view" => source.is_symbol(end, "(") || matches!(after, "as" | "with"),
        "index" => after == "on",
        "type" | "rule" => after == "as",
        "domain" => after == "as" || time_type(source, end).is_some(),
        "event" => after == "on" && source.is_word(end + 1, "schedule"),
        _ => false,
    }
}

fn is_alter(source: &Source<'_>, start: usize) -> bool {
    let mut named = start + 2;
    while matches!(source.word(named).as_str(), "if" | "not" | "exists" | "only") {
        named += 1;
    }
    let Some(end) = name(source, named) else { return false };
    let after = source.word(end);
    match source.word(start + 1).as_str() {
        "table" | "type" => matches!(
            after.as_str(),
            "add"
                | "alter"
                | "drop"
                | "rename"
                | "modify"
                | "change"
                | "set"
                | "owner"
                | "enable"
                | "disable"
                | "attach"
        ),
        "column" => match time_type(source, end) {
            // "Add column `at` timestamp to the list"
            Some(TimeType::Naive { end } | TimeType::Zoned { end }) => !source.is_word(end, "to"),
            None => matches!(after.as_str(), "type" | "set" | "drop"),
        },
        "function" | "procedure" | "trigger" | "view" => is_create(source, start + 1),
        _ => false,
    }
}

fn is_with(source: &Source<'_>, start: usize) -> bool {
    let start = start + usize::from(source.is_word(start, "recursive"));
    let Some(mut end) = name(source, start) else { return false };
    if source.is_symbol(end, "(") {
        let Some(closed) = (end..end + AHEAD).find(|index| source.is_symbol(*index, ")")) else { return false };
        end = closed + 1;
    }
    if !source.is_word(end, "as") {
        return false;
    }
    end += 1;
    while matches!(source.word(end).as_str(), "not" | "materialized") {
        end += 1;
    }
    source.is_symbol(end, "(")
}

/// Returns the token after the name of a table or a column: quoted or not, with its schema, or filled in later.
pub(super) fn name(source: &Source<'_>, start: usize) -> Option<usize> {
    let mut end = one_name(source, start)?;
    for _ in 0..8 {
        if source.is_symbol(end, ".") {
            end = one_name(source, end + 1)?;
        } else if source.at(end).start == source.at(end - 1).end {
            // `{prefix}_tasks`
            let Some(next) = one_name(source, end) else { break };
            end = next;
        } else {
            break;
        }
    }
    Some(end)
}

fn one_name(source: &Source<'_>, start: usize) -> Option<usize> {
    match source.kind(start)? {
        Kind::Quoted => Some(start + 1),
        Kind::Word if !statement::is_structural(source.word(start).as_str()) => Some(start + 1),
        Kind::Symbol if source.is_symbol(start, "[") && source.is_symbol(start + 2, "]") => Some(start + 3),
        Kind::Symbol if source.is_symbol(start, "@") => one_name(source, start + 1),
        _ => placeholder(source, start),
    }
}

/// Returns the token after something that is filled in before the text is run: `?`, `{}`, `{table}`, `%I`.
pub(super) fn placeholder(source: &Source<'_>, start: usize) -> Option<usize> {
    if source.kind(start) == Some(Kind::Value) {
        return Some(start + 1);
    }
    // What `format` of PostgreSQL fills in.
    if source.is_symbol(start, "%") && matches!(source.slice(start + 1), "I" | "s" | "L") {
        return Some(start + 2);
    }
    if !source.is_symbol(start, "{") {
        return None;
    }
    (start + 1..start + 8).find(|index| source.is_symbol(*index, "}")).map(|closed| closed + 1)
}
