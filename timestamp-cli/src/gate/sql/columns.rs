//! Columns as `CREATE TABLE` has them in its parentheses, in a literal of their own: `created_at TIMESTAMP NOT NULL`.
//!
//! English puts a word before "timestamp" all the time, so a column has to be told by two of these: its type is in capital
//! letters, its name is quoted or has an underscore, something is said of it that only columns have, another column stands
//! beside it.

use super::clock_call::clock_call;
use super::literal::name;
use super::naive::{TimeType, time_type};
use super::prose;
use super::source::{Lower, Source};
use super::token::Kind;
use super::words;

/// How many of the signs a column needs.
const ENOUGH: usize = 2;

/// Types that columns beside the one in question have.
const OTHER_TYPES: &[&str] = &[
    "bigint",
    "bigserial",
    "blob",
    "bool",
    "boolean",
    "bytea",
    "char",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "json",
    "jsonb",
    "numeric",
    "real",
    "serial",
    "smallint",
    "text",
    "time",
    "uuid",
    "varchar",
];

/// Whether a word may be the type of a column.
pub(super) fn begins_type(word: &str) -> bool {
    words::find(word).is_some_and(|word| word.zone.is_some()) || OTHER_TYPES.contains(&Lower::new(word).as_str())
}

/// Whether the tokens from `start` to the end are columns, of which one is a time.
pub(super) fn are_defined(source: &Source<'_>, start: usize) -> bool {
    let mut index = match source.word(start).as_str() {
        "add" | "modify" => start + 1 + usize::from(source.is_word(start + 1, "column")),
        _ => start,
    };
    let (mut count, mut signs) = (0, None);
    loop {
        let Some(column) = column(source, index) else { return false };
        count += 1;
        signs = signs.max(column.signs);
        if source.kind(column.end).is_none() {
            break;
        }
        if !source.is_symbol(column.end, ",") {
            return false;
        }
        index = column.end + 1;
    }
    signs.is_some_and(|signs| signs + usize::from(count > 1) >= ENOUGH)
}

/// Whether the tokens from `start` to the end are what is said of a column behind its type.
pub(super) fn are_constraints(source: &Source<'_>, start: usize) -> bool {
    constraints(source, start).is_some_and(|end| source.kind(end).is_none())
}

/// A column with its type.
struct Column {
    /// How many signs tell it from English; `None` if it is no time.
    signs: Option<usize>,
    /// The token after it.
    end: usize,
}

fn column(source: &Source<'_>, start: usize) -> Option<Column> {
    if matches!(source.word(start).as_str(), "the" | "a" | "an" | "this" | "that" | "of" | "no" | "unix") {
        return None;
    }
    let ty = name(source, start)?;
    let is_marked = source.slice(start).contains('_') || source.kind(start) != Some(Kind::Word);
    let is_capital = !source.slice(ty).bytes().any(|byte| byte.is_ascii_lowercase());
    let (is_time, after) = match time_type(source, ty) {
        Some(TimeType::Naive { end } | TimeType::Zoned { end }) => (true, end),
        None => (false, other_type(source, ty)?),
    };
    let end = constraints(source, after)?;
    let signs = usize::from(is_marked) + usize::from(is_capital) + usize::from(end > after);
    Some(Column { signs: is_time.then_some(signs), end })
}

/// Returns the token after a type that is no time.
fn other_type(source: &Source<'_>, start: usize) -> Option<usize> {
    if !OTHER_TYPES.contains(&source.word(start).as_str()) {
        return None;
    }
    let end = start + 1 + usize::from(matches!(source.word(start + 1).as_str(), "precision" | "unsigned"));
    if !source.is_symbol(end, "(") {
        return Some(end);
    }
    closed(source, end)
}

/// Returns the token after what is said of a column; `None` if something else stands there.
fn constraints(source: &Source<'_>, start: usize) -> Option<usize> {
    let mut index = start;
    loop {
        let next = source.word(index + 1);
        let next = next.as_str();
        index = match (source.word(index).as_str(), next) {
            ("not", "null") | ("primary", "key") => index + 2,
            ("null" | "unique" | "auto_increment" | "autoincrement", _) => index + 1,
            ("default", _) => default(source, index + 1)?,
            ("on", "update") => clock_call(source, index + 2)?.end,
            ("check", _) if source.is_symbol(index + 1, "(") => closed(source, index + 1)?,
            ("references", _) => {
                let end = name(source, index + 1)?;
                if source.is_symbol(end, "(") { closed(source, end)? } else { end }
            }
            ("comment", _) if source.kind(index + 1) == Some(Kind::Text) => index + 2,
            ("collate", _) if source.is_name(index + 1) => index + 2,
            _ => return Some(index),
        };
    }
}

/// Returns the token after a value that a column has by default, up to a comma or the next thing that is said of it.
fn default(source: &Source<'_>, start: usize) -> Option<usize> {
    let mut index = start;
    while source.kind(index).is_some() && !source.is_symbol(index, ",") {
        let ends = matches!(
            source.word(index).as_str(),
            "not" | "null" | "primary" | "unique" | "check" | "references" | "comment" | "collate" | "on"
        );
        if ends && index > start {
            break;
        }
        index = if source.is_symbol(index, "(") { closed(source, index)? } else { index + 1 };
    }
    let value = Source { text: source.text, tokens: source.tokens.get(start..index)? };
    (index > start && prose::reads_strictly(&value, 0)).then_some(index)
}

/// Returns the token after the parenthesis that closes the one at `open`.
fn closed(source: &Source<'_>, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for index in open..source.tokens.len() {
        if source.is_symbol(index, "(") {
            depth += 1;
        } else if source.is_symbol(index, ")") {
            depth -= 1;
            if depth == 0 {
                return Some(index + 1);
            }
        }
    }
    None
}
