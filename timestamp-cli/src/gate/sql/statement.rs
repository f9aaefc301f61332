//! What kind of statement tokens belong to, as far as a type or a call means something else in it.

use super::source::Source;

/// How many tokens may stand between `CREATE` and what is created, such as `DEFINER = 'a'@'b'`.
const WORDS_BEFORE_KIND: usize = 16;

/// Where a type can stand in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// `CREATE TABLE`, `CREATE TYPE`: in the parentheses, after a name.
    Columns,
    /// `ALTER TABLE`, and what is cut out of it: after a name.
    Alter,
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`: parameters and what it returns.
    Routine,
    /// `CREATE TRIGGER`, `CREATE RULE`.
    Trigger,
    /// `CREATE DOMAIN`.
    Domain,
    /// Nowhere.
    #[default]
    Other,
}

/// Returns the kind of the statement that begins at a word, if the word begins one that declares something.
pub(super) fn kind(source: &Source<'_>, index: usize) -> Option<Kind> {
    match source.word(index).as_str() {
        "add" if source.is_word(index + 1, "column") => return Some(Kind::Alter),
        "alter" if source.is_word(index + 1, "column") => return Some(Kind::Alter),
        "alter" if source.is_word(index + 1, "table") => return Some(Kind::Alter),
        "alter" if source.is_word(index + 1, "type") => return Some(Kind::Alter),
        // `COLUMN` may be left out.
        "alter" if alters_a_column(source, index + 1) => return Some(Kind::Alter),
        // The types of PostgreSQL's `ALTER FUNCTION` tell which function is meant, and declare nothing.
        "alter" if matches!(source.word(index + 1).as_str(), "function" | "procedure") => return Some(Kind::Other),
        "alter" | "create" => {}
        _ => return None,
    }
    for ahead in index + 1..=index + WORDS_BEFORE_KIND {
        match source.word(ahead).as_str() {
            "table" | "type" => return Some(Kind::Columns),
            "function" | "procedure" => return Some(Kind::Routine),
            "trigger" | "rule" => return Some(Kind::Trigger),
            "domain" => return Some(Kind::Domain),
            "view" | "index" | "schema" | "role" | "user" | "database" | "sequence" | "event" | "policy"
            | "extension" => {
                return Some(Kind::Other);
            }
            _ if source.is_symbol(ahead, ";") || source.is_symbol(ahead, "(") => break,
            _ => {}
        }
    }
    Some(Kind::Other)
}

/// Whether a name stands at `index`, and behind it what only a column is changed by.
fn alters_a_column(source: &Source<'_>, index: usize) -> bool {
    source.is_name(index)
        && (source.is_word(index + 1, "type")
            || source.are_words(index + 1, &["set", "data", "type"])
            || ["set", "drop"].iter().any(|verb| source.are_words(index + 1, &[verb, "default"]))
            || ["set", "drop"].iter().any(|verb| source.are_words(index + 1, &[verb, "not", "null"])))
}

/// Whether a word can not be the name of a column or a variable, so that what follows it is no type.
pub(super) fn is_structural(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "not"
            | "by"
            | "on"
            | "in"
            | "select"
            | "where"
            | "set"
            | "key"
            | "unique"
            | "column"
            | "add"
            | "drop"
            | "alter"
            | "rename"
            | "modify"
            | "change"
            | "to"
            | "as"
            | "if"
            | "exists"
            | "from"
            | "constraint"
            | "index"
            | "references"
            | "check"
            | "default"
            | "using"
            | "then"
            | "else"
            | "when"
            | "case"
            | "end"
            | "like"
            | "is"
            | "between"
            | "into"
            | "values"
            | "returning"
            | "order"
            | "group"
            | "after"
            | "before"
            | "table"
            | "all"
            | "distinct"
            | "only"
            | "null"
            | "for"
            | "of"
            | "with"
    )
}
