//! Tells SQL from English that begins with the same word.
//!
//! English puts names side by side, and ends sentences; SQL puts at most two side by side, where the second is another
//! name for the first, and goes on with a clause. SQL joins operands, and takes no time for a condition, as "now() or
//! later" does. This is no parser: it refuses only what no engine would take.

use super::clock_call::clock_call;
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
    Reading { source, start, is_strict: false }.fits()
}

/// Whether the tokens from `start` on can be nothing but SQL: no two names stand side by side.
pub(super) fn reads_strictly(source: &Source<'_>, start: usize) -> bool {
    Reading { source, start, is_strict: true }.fits()
}

/// How tokens are read.
struct Reading<'a, 's> {
    source: &'a Source<'s>,
    start: usize,
    /// Whether a name needs `AS` before it to be another name for what stands there.
    is_strict: bool,
}

impl Reading<'_, '_> {
    fn fits(&self) -> bool {
        let Self { source, start, is_strict } = *self;
        let most = if is_strict { 1 } else { 2 };
        let mut operands = 0;
        let mut open = 0_usize;
        let mut cases = 0_usize;
        let mut in_from = false;
        let mut is_after_operand = false;
        let mut condition = Condition::default();
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
            if !keyword_fits(source, index, word, open) || !mark_fits(source, index) || !condition.fits(source, index) {
                return false;
            }
            // "updated_at = now() or later"
            let is_last = || source.kind(index + 1) == Some(Kind::Word) && source.kind(index + 2).is_none();
            if is_strict && word == "or" && is_last() {
                return false;
            }
            if index > start && !is_after_operand && needs_operand(source, index, word) {
                return false;
            }
            if source.is_symbol(index, "(") {
                open += 1;
            } else if source.is_symbol(index, ")") {
                open = open.saturating_sub(1);
            }
            let glued = index > start && source.at(index).start == source.at(index - 1).end;
            let role = match role(source, index, word) {
                Role::Part if is_strict && word != "end" && !self.is_part_of_operand(index) => Role::Operand,
                role => role,
            };
            is_after_operand = match role {
                Role::Operand | Role::Part => true,
                Role::Joint => source.is_symbol(index, "*") || ends_operand(word),
            };
            match role {
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
            if operands > most {
                return false;
            }
        }
        true
    }

    /// Whether a keyword such as `ZONE` or `DAY` goes with what stands before it.
    fn is_part_of_operand(&self, index: usize) -> bool {
        index.checked_sub(1).filter(|before| *before >= self.start).is_some_and(|before| {
            matches!(self.source.kind(before), Some(Kind::Value | Kind::Text))
                || matches!(
                    self.source.word(before).as_str(),
                    "at" | "time" | "with" | "without" | "is" | "not" | "nulls" | "row" | "current"
                )
        })
    }
}

/// What stands since the last `AND`, `OR` or beginning of a condition: a time alone is none.
#[derive(Default)]
struct Condition {
    /// Whether something makes a condition of it, such as a comparison.
    decides: bool,
    /// How many `BETWEEN` wait for their `AND`.
    between: usize,
    /// The token after a call that asks for the time.
    clock_end: Option<usize>,
}

impl Condition {
    /// Takes in a token; returns whether no time is taken for a condition, as "now() or later" would.
    fn fits(&mut self, source: &Source<'_>, index: usize) -> bool {
        if let Some(call) = clock_call(source, index) {
            self.clock_end = Some(call.end);
        }
        // The parentheses of the call are its own.
        if self.clock_end.is_some_and(|end| index < end) {
            return true;
        }
        let word = source.word(index);
        match word.as_str() {
            "and" if self.between > 0 => self.between -= 1,
            "and" | "or" => {
                let is_alone = |end: usize| {
                    matches!(source.kind(end), None | Some(Kind::Word)) && !continues_operand(source.word(end).as_str())
                };
                let is_time_before = self.clock_end == Some(index) && !self.decides;
                let is_time_after = clock_call(source, index + 1).is_some_and(|call| is_alone(call.end));
                self.decides = false;
                return !(is_time_before || is_time_after);
            }
            // No engine has a list of times that now may be in; people do, and zones.
            "in" if self.clock_end == Some(index) => return false,
            "between" => (self.between, self.decides) = (self.between + 1, true),
            "is" | "in" | "like" | "ilike" | "exists" | "not" => self.decides = true,
            "select" | "where" | "on" | "when" | "having" => self.decides = false,
            _ if source.kind(index) == Some(Kind::Symbol) => {
                let mark = source.slice(index);
                self.decides = !matches!(mark, "(" | ",") && (self.decides || !matches!(mark, ")" | "."));
            }
            _ => {}
        }
        true
    }
}

/// Whether a word may follow a time that is compared, after `AND` or `OR`.
fn continues_operand(word: &str) -> bool {
    matches!(word, "at" | "is" | "in" | "not" | "between" | "like" | "overlaps")
}

/// Whether an operand has to stand before a token.
fn needs_operand(source: &Source<'_>, index: usize, word: &str) -> bool {
    let is_negated = || matches!(word, "like" | "ilike" | "in" | "between") && source.is_word(index - 1, "not");
    match source.kind(index) {
        Some(Kind::Word) => {
            matches!(word, "and" | "or" | "is" | "like" | "ilike" | "in" | "between" | "over") && !is_negated()
        }
        Some(Kind::Symbol) => {
            matches!(source.slice(index), "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" | "||" | "::" | "/" | ",")
        }
        _ => false,
    }
}

/// Whether something is complete with this keyword: a sort key, a frame, or a column that is called so.
fn ends_operand(word: &str) -> bool {
    matches!(
        word,
        "asc"
            | "desc"
            | "preceding"
            | "following"
            | "nothing"
            | "all"
            | "any"
            | "some"
            | "at"
            | "of"
            | "share"
            | "locked"
            | "filter"
            | "range"
            | "rows"
            | "groups"
    )
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
