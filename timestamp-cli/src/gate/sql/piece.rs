//! Pieces of statements that stand in literals of their own: a clause, a comparison, an expression, columns.
//!
//! A piece has no verb that would tell it from English, so all of it has to be SQL, from its first word to its last: no two
//! names stand side by side, a clause does not begin with a capital and go on in small letters, and an expression has
//! something in it that only SQL has. A name alone is none, so `"now()"` and `"CURRENT_TIMESTAMP"` are left.

use super::clock_call::{clock_call, is_moving_text};
use super::columns;
use super::literal::{is_capitalized, name, placeholder};
use super::prose;
use super::source::{Lower, Source};
use super::statement;
use super::token::Kind;
use super::words;

/// How many tokens ahead a word is looked for that belongs to the first one.
const AHEAD: usize = 256;

/// Words that begin a clause.
const CLAUSES: &[&str] = &[
    "returning",
    "default",
    "not",
    "order",
    "group",
    "from",
    "join",
    "left",
    "right",
    "inner",
    "full",
    "cross",
    "union",
    "except",
    "intersect",
    "case",
    "exists",
    "check",
    "do",
    "filter",
    "modify",
    "add",
];

/// Functions that other languages do not have, or not with such arguments.
const FUNCTIONS: &[&str] = &[
    "coalesce",
    "ifnull",
    "nullif",
    "nvl",
    "date_trunc",
    "date_part",
    "extract",
    "date_add",
    "date_sub",
    "dateadd",
    "datediff",
    "date_format",
    "to_char",
    "julianday",
    "unixepoch",
    "unix_timestamp",
    "timestampdiff",
    "timestampadd",
    "to_timestamp",
];

/// Functions that say nothing by themselves, and may begin an expression of SQL.
const OTHER_FUNCTIONS: &[&str] = &[
    "cast", "convert", "greatest", "least", "floor", "round", "date", "time", "datetime", "strftime", "isnull", "lower",
];

/// Whether a text may begin a piece. Looks at a few bytes only.
pub(super) fn may_begin(text: &str) -> bool {
    let text = text.trim_start_matches(|character: char| character.is_whitespace() || matches!(character, '(' | ','));
    let length =
        text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(length);
    let lower = Lower::new(word);
    let lower = lower.as_str();
    if rest.starts_with('(') {
        return FUNCTIONS.contains(&lower)
            || OTHER_FUNCTIONS.contains(&lower)
            || CLAUSES.contains(&lower)
            || words::find(word).is_some_and(|word| word.clock.is_some());
    }
    CLAUSES.contains(&lower)
        || words::find(word).is_some_and(|word| word.clock.is_some()) && rest.len() > 1
        || is_named(text)
}

/// Whether a text begins with a name and a comparison, as pieces of `SET` and `WHERE` do, or with a name and a type.
fn is_named(text: &str) -> bool {
    let is_of_name = |character: char| character.is_alphanumeric() || "_.\"`[]{}$?:@".contains(character);
    let rest = text.trim_start_matches(is_of_name);
    let after = rest.trim_start();
    if rest.len() == text.len() {
        return false;
    }
    after.starts_with(['=', '<', '>', '!'])
        || after.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("between"))
        || after.len() < rest.len()
            && columns::begins_type(
                after
                    .split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                    .next()
                    .unwrap_or_default(),
            )
}

/// Returns what kind of statement the tokens are a piece of, if they are one.
pub(super) fn kind(source: &Source<'_>) -> Option<statement::Kind> {
    let first = usize::from(source.is_symbol(0, ","));
    if columns::are_defined(source, first) {
        return Some(statement::Kind::Alter);
    }
    let is_clause = !is_capitalized(source.slice(first)) && is_clause(source, first);
    (is_clause || is_comparison(source, first) || is_expression(source, first)).then_some(statement::Kind::Other)
}

/// `RETURNING now()`, `DEFAULT now()`, `LEFT JOIN t ON t.at < now()`.
fn is_clause(source: &Source<'_>, start: usize) -> bool {
    let next = start + 1;
    let strictly = || prose::reads_strictly(source, start);
    let condition = || prose::compares(source) && strictly();
    let has = |word: &str, within: usize| {
        (start..source.tokens.len().min(start + within)).any(|index| source.is_word(index, word))
    };
    match source.word(start).as_str() {
        "default" => columns::are_constraints(source, start),
        "not" if source.is_word(next, "null") => has("default", 8) && columns::are_constraints(source, start),
        "not" if source.is_word(next, "exists") => source.is_symbol(next + 1, "(") && strictly(),
        "returning" => strictly(),
        "case" => has("when", AHEAD) && has("end", AHEAD) && strictly(),
        "order" | "group" => source.is_word(next, "by") && strictly(),
        "from" => (has("where", AHEAD) || has("join", AHEAD)) && condition(),
        "join" | "left" | "right" | "inner" | "full" | "cross" => has("join", 3) && condition(),
        "union" | "except" | "intersect" => {
            let verb = next + usize::from(source.is_word(next, "all"));
            source.is_word(verb, "select") && strictly()
        }
        "exists" => source.is_symbol(next, "(") && source.is_word(next + 1, "select") && strictly(),
        "check" => source.is_symbol(next, "(") && condition(),
        "do" => source.are_words(next, &["update", "set"]) && condition(),
        "filter" => source.is_symbol(next, "(") && source.is_word(next + 1, "where") && condition(),
        _ => false,
    }
}

/// A name, what it is compared with or set to, and a time in that: `, updated_at = now()`, `at < now() - $1`.
fn is_comparison(source: &Source<'_>, first: usize) -> bool {
    let Some(end) = name(source, first).or_else(|| placeholder(source, first)) else { return false };
    let compares = ["=", "<", ">", "<=", ">=", "<>", "!="].iter().any(|symbol| source.is_symbol(end, symbol))
        || source.is_word(end, "between");
    compares && asks(source) && prose::reads_strictly(source, first)
}

/// An expression that begins with a function or with what asks for the time, and that only SQL can have.
fn is_expression(source: &Source<'_>, first: usize) -> bool {
    let begin = (first..source.tokens.len()).find(|index| !source.is_symbol(*index, "(")).unwrap_or(first);
    let is_call =
        |word: &str| source.is_symbol(begin + 1, "(") && (FUNCTIONS.contains(&word) || OTHER_FUNCTIONS.contains(&word));
    let begins = is_call(source.word(begin).as_str()) || clock_call(source, begin).is_some();
    begins && is_only_sql(source, begin) && prose::reads_strictly(source, first)
}

/// Whether something stands there that asks for the time, and not only by its name.
fn asks(source: &Source<'_>) -> bool {
    (0..source.tokens.len()).any(|index| {
        clock_call(source, index).is_some()
            || source.content(index).is_some_and(is_moving_text)
            || matches!(source.word(index).as_str(), "unixepoch" | "julianday" | "datetime")
                && source.is_symbol(index + 1, "(")
            || source.is_symbol(index, "::")
    })
}

/// Whether something stands there that no other language has.
fn is_only_sql(source: &Source<'_>, start: usize) -> bool {
    (start..source.tokens.len()).any(|index| {
        let word = source.word(index);
        let word = word.as_str();
        let called = source.is_symbol(index + 1, "(");
        (word == "interval" && matches!(source.kind(index + 1), Some(Kind::Text | Kind::Value)))
            || source.is_symbol(index, "::")
            || source.are_words(index, &["at", "time", "zone"])
            || called && FUNCTIONS.contains(&word)
            || word == "as" && source.is_name(index + 1) && matches!(source.word(start).as_str(), "cast")
            || source.content(index).is_some_and(is_moving_text)
            || matches!(source.slice(index), "=" | "<" | ">" | "<>" | "<=" | ">=")
                && source.kind(index) == Some(Kind::Symbol)
    })
}
