//! Tells SQL from English that begins with the same word.
//!
//! English puts names side by side, and ends sentences; SQL puts at most two side by side, where the second is another
//! name for the first, and goes on with a clause. This is no parser: it refuses only what no engine would take.

use super::source::Source;
use super::token::Kind;

/// What a token can be next to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A name, a value, the end of a parenthesis.
    Operand,
    /// A keyword that begins or joins something; an operator.
    Joint,
    /// A keyword that is part of an operand, such as `ZONE` or `DAY`.
    Part,
}

/// Whether there is a comparison.
pub(super) fn compares(source: &Source<'_>) -> bool {
    (0..source.tokens.len()).any(|index| {
        (source.kind(index) == Some(Kind::Symbol)
            && matches!(source.slice(index), "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "=="))
            || source.is_word(index, "between")
    })
}

/// Whether the tokens from `start` on can be SQL.
pub(super) fn reads_as_sql(source: &Source<'_>, start: usize) -> bool {
    let mut operands = 0;
    let mut open = 0_usize;
    let mut cases = 0_usize;
    let mut in_from = false;
    for index in start..source.tokens.len() {
        let word = source.word(index);
        let word = word.as_str();
        match word {
            "case" => cases += 1,
            "when" | "then" | "else" if cases == 0 => return false,
            "end" => {
                let Some(left) = cases.checked_sub(1) else { return false };
                cases = left;
            }
            "from" | "join" => in_from |= open == 0,
            "where" | "on" | "group" | "order" | "having" | "limit" | "union" | "returning" | "window" => {
                in_from &= open > 0
            }
            "and" | "or" if in_from && open == 0 => return false,
            _ => {}
        }
        if !keyword_fits(source, index, word, open) || !mark_fits(source, index) {
            return false;
        }
        if source.is_symbol(index, "(") {
            open += 1;
        } else if source.is_symbol(index, ")") {
            open = open.saturating_sub(1);
        }
        let glued = index > start && source.at(index).start == source.at(index - 1).end;
        match role(source, index, word) {
            Role::Operand if glued && operands > 0 => {}
            Role::Operand => operands += 1,
            Role::Joint if operands >= 2 && !may_follow_alias(source, index, word) => return false,
            Role::Joint => operands = 0,
            Role::Part => {}
        }
        // `DATE '2024-01-15'` is one operand.
        if source.kind(index) == Some(Kind::Text) && index > start && source.kind(index - 1) == Some(Kind::Word) {
            operands = operands.min(1);
        }
        if operands > 2 {
            return false;
        }
    }
    true
}

fn role(source: &Source<'_>, index: usize, word: &str) -> Role {
    match source.kind(index) {
        Some(Kind::Word) => {
            if is_part(word) {
                Role::Part
            } else if is_joint(word) {
                Role::Joint
            } else {
                Role::Operand
            }
        }
        Some(Kind::Quoted | Kind::Text | Kind::Dollar | Kind::Value) => Role::Operand,
        Some(Kind::Symbol) if matches!(source.slice(index), ")" | "]" | "}") => Role::Operand,
        Some(Kind::Symbol) | None => Role::Joint,
    }
}

/// Whether a joint may follow an operand and another name for it.
fn may_follow_alias(source: &Source<'_>, index: usize, word: &str) -> bool {
    if source.kind(index) == Some(Kind::Symbol) {
        return [",", ")", ";", "(", "{", "}", "]"].contains(&source.slice(index));
    }
    !matches!(word, "and" | "or" | "is" | "in" | "not" | "like" | "between" | "to" | "then")
}

/// Whether a keyword stands where SQL can have it, by what follows.
fn keyword_fits(source: &Source<'_>, index: usize, word: &str, open: usize) -> bool {
    let next = source.word(index + 1);
    let next = next.as_str();
    let filled = || {
        source.is_symbol(index + 1, "{")
            || source.is_symbol(index + 1, "%")
            || source.kind(index + 1) == Some(Kind::Value)
    };
    match word {
        "and" | "or" => !is_clause(next) && !matches!(next, "then" | "so" | "when" | "and" | "or"),
        "is" => matches!(next, "not" | "null" | "true" | "false" | "distinct" | "unknown" | "json"),
        "in" => source.is_symbol(index + 1, "(") || filled() || next == "unnest" || source.is_symbol(index + 1, ":"),
        "to" => false,
        "for" => open > 0 || matches!(next, "update" | "share" | "no" | "key" | "system_time"),
        "if" => source.is_symbol(index + 1, "("),
        "with" => {
            source.is_symbol(index + 1, "(") || matches!(next, "time" | "local" | "ordinality" | "ties" | "recursive")
        }
        "by" => index > 0 && matches!(source.word(index - 1).as_str(), "order" | "group" | "partition"),
        "from" => {
            source.is_name(index + 1)
                || filled()
                || source.is_symbol(index + 1, "(")
                || source.is_symbol(index + 1, "[")
                || source.kind(index + 1) == Some(Kind::Text)
        }
        "at" => {
            let after_call = index > 0 && source.is_symbol(index - 1, ")");
            !after_call || source.kind(index + 1) != Some(Kind::Word) || matches!(next, "time" | "local")
        }
        "the" | "this" | "that" | "which" | "because" => false,
        _ => true,
    }
}

/// Whether a mark is SQL's: a sentence ends with a full stop, and a colon is followed by a space.
fn mark_fits(source: &Source<'_>, index: usize) -> bool {
    if source.kind(index) != Some(Kind::Symbol) {
        return true;
    }
    let apart = source.at(index).end != source.at(index + 1).start || source.kind(index + 1).is_none();
    match source.slice(index) {
        "." | ":" => !apart,
        "!" | "\\" => false,
        _ => true,
    }
}

fn is_clause(word: &str) -> bool {
    matches!(word, "from" | "where" | "group" | "order" | "having" | "limit" | "union" | "set" | "values" | "returning")
}

fn is_joint(word: &str) -> bool {
    is_clause(word)
        || matches!(
            word,
            "select"
                | "insert"
                | "update"
                | "delete"
                | "into"
                | "as"
                | "and"
                | "or"
                | "not"
                | "is"
                | "in"
                | "like"
                | "ilike"
                | "between"
                | "case"
                | "when"
                | "then"
                | "else"
                | "on"
                | "using"
                | "join"
                | "left"
                | "right"
                | "inner"
                | "outer"
                | "full"
                | "cross"
                | "natural"
                | "lateral"
                | "distinct"
                | "all"
                | "any"
                | "some"
                | "exists"
                | "by"
                | "asc"
                | "desc"
                | "nulls"
                | "offset"
                | "fetch"
                | "except"
                | "intersect"
                | "window"
                | "over"
                | "partition"
                | "filter"
                | "within"
                | "for"
                | "with"
                | "at"
                | "collate"
                | "escape"
                | "conflict"
                | "do"
                | "nothing"
                | "call"
                | "if"
                | "interval"
                | "tablesample"
                | "to"
                | "rows"
                | "range"
                | "groups"
                | "preceding"
                | "following"
                | "unbounded"
                | "share"
                | "skip"
                | "locked"
                | "of"
                | "only"
        )
}

fn is_part(word: &str) -> bool {
    matches!(
        word,
        "time"
            | "zone"
            | "without"
            | "precision"
            | "varying"
            | "local"
            | "end"
            | "null"
            | "row"
            | "first"
            | "last"
            | "next"
            | "second"
            | "seconds"
            | "minute"
            | "hour"
            | "day"
            | "days"
            | "week"
            | "month"
            | "quarter"
            | "year"
            | "microsecond"
            | "current"
            | "ordinality"
            | "materialized"
            | "recursive"
    )
}
