//! SQL in strings and templates.

use crate::gate::finding::{Finding, Unreadable};
use crate::gate::sql;

use super::token::{Kind, Token};

/// How deep templates are read in each other.
const TEMPLATES_DEEP: usize = 8;

/// Adds what is refused in the SQL of strings and templates to `findings`.
///
/// # Errors
///
/// Where SQL within the SQL can not be read, or templates are too deep in each other.
pub(super) fn scan(text: &str, tokens: &[Token], findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    // The pieces of the templates that are open.
    let mut open: Vec<Vec<&Token>> = Vec::new();
    let mut outcome = Ok(());
    for token in tokens {
        let read = match token.kind {
            Kind::Text => whole(text, &[token], findings),
            Kind::Head => {
                open.push(vec![token]);
                continue;
            }
            Kind::Middle => {
                if let Some(pieces) = open.last_mut() {
                    pieces.push(token);
                }
                continue;
            }
            Kind::Tail => {
                let Some(mut pieces) = open.pop() else { continue };
                pieces.push(token);
                if open.len() < TEMPLATES_DEEP { whole(text, &pieces, findings) } else { Err(too_deep(token)) }
            }
            Kind::Word | Kind::Number | Kind::Regex | Kind::Symbol => continue,
        };
        if outcome.is_ok() {
            outcome = read;
        }
    }
    outcome
}

fn too_deep(tail: &Token) -> Unreadable {
    Unreadable { at: tail.at.start, why: format!("templates, deeper than {TEMPLATES_DEEP} in each other") }
}

/// Scans a string, or the pieces of a template with names in place of its substitutions.
///
/// Escapes become spaces before the character that they stand for, so that every place keeps its number.
fn whole(text: &str, pieces: &[&Token], findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return Ok(()) };
    let start = first.at.start + 1;
    let end = last.at.end.saturating_sub(1).max(start);
    let Some(raw) = text.get(start..end) else { return Ok(()) };
    let locate = |part: std::ops::Range<usize>| start + part.start..start + part.end;
    if pieces.len() == 1 && !raw.contains('\\') {
        return sql::scan_literal(raw, &locate, findings);
    }
    let mut value = String::with_capacity(raw.len());
    for piece in pieces {
        // From the opening mark to the closing one: a quote, a brace, or `${`.
        let opened = piece.at.start + 1;
        let closed = match piece.kind {
            Kind::Head | Kind::Middle => piece.at.end - "${".len(),
            _ => piece.at.end - 1,
        };
        value.extend(std::iter::repeat_n('_', opened.saturating_sub(start + value.len())));
        unescape(text.get(opened..closed).unwrap_or_default(), &mut value);
    }
    sql::scan_literal(&value, &locate, findings)
}

fn unescape(raw: &str, value: &mut String) {
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        value.push(' ');
        match characters.next() {
            Some('n' | 'r' | 't') => value.push(' '),
            Some(escaped) => value.push(escaped),
            None => {}
        }
    }
}
