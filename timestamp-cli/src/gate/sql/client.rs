//! What stands in SQL files and is no SQL: commands of the clients that read them, and templates.
//!
//! It is blanked, byte for byte, so that its quotes do not turn the rest of the file inside out, and every place keeps
//! its number.

use std::borrow::Cow;

/// Returns `text` with commands of `psql`, `DELIMITER` lines of `mysql` and comments of templates as spaces.
///
/// A delimiter itself becomes a semicolon.
pub(super) fn blanked(text: &str) -> Cow<'_, str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut delimiter: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let command = line.trim_start();
        if let Some(ends) = delimiter_command(command) {
            parts.push((start..start + line.len(), ' '));
            delimiter = (ends != ";").then_some(ends);
        } else if is_psql(command) {
            parts.push((start..start + line.len(), ' '));
        } else if let Some(ends) = delimiter {
            parts.extend(line.match_indices(ends).map(|(at, _)| (start + at..start + at + ends.len(), ';')));
        }
        start += line.len();
    }
    if text.contains("{#") {
        let mut from = 0;
        while let Some(opened) = text.get(from..).and_then(|rest| rest.find("{#")).map(|at| from + at) {
            let Some(closed) = text.get(opened..).and_then(|rest| rest.find("#}")) else { break };
            from = opened + closed + "#}".len();
            parts.push((opened..from, ' '));
        }
    }
    if parts.is_empty() {
        return Cow::Borrowed(text);
    }
    parts.sort_by_key(|(at, _)| at.start);
    let mut blanked = String::with_capacity(text.len());
    for (at, first) in parts {
        // Where a template's comment holds a command, the first one covers both.
        let Some(kept) = text.get(blanked.len()..at.start) else { continue };
        blanked.push_str(kept);
        let gone = text.get(at).unwrap_or_default();
        for (index, byte) in gone.bytes().enumerate() {
            blanked.push(match byte {
                b'\n' => '\n',
                _ if index == 0 => first,
                _ => ' ',
            });
        }
    }
    let kept = text.get(blanked.len()..).unwrap_or_default();
    blanked.push_str(kept);
    Cow::Owned(blanked)
}

/// A line such as `\echo it's done`. Not `\N`, which is data, and not `\.`, which ends it.
fn is_psql(line: &str) -> bool {
    let mut bytes = line.bytes();
    bytes.next() == Some(b'\\')
        && bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || matches!(byte, b'!' | b'?'))
}

/// The new delimiter in a line such as `DELIMITER //`.
fn delimiter_command(line: &str) -> Option<&str> {
    const COMMAND: &str = "delimiter";
    let named = line.get(..COMMAND.len())?;
    let rest = line.get(COMMAND.len()..)?;
    (named.eq_ignore_ascii_case(COMMAND) && rest.starts_with([' ', '\t']))
        .then_some(rest.trim())
        .filter(|ends| !ends.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_clients_become_spaces_and_keep_every_place() {
        let text = "\\echo it's é\nSELECT 1; {# it's\nso #}\n\\.\n";
        assert_eq!(blanked(text), "             \nSELECT 1;        \n     \n\\.\n");
        assert_eq!(blanked(text).len(), text.len());
        assert!(matches!(blanked("SELECT 1;\n\\N\tx\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_delimiter_becomes_a_semicolon() {
        assert_eq!(blanked("DELIMITER $$\nEND$$\ndelimiter ;\nx$$"), "            \nEND; \n           \nx$$");
    }
}
