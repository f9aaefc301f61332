//! The report as SARIF 2.1.0, the format in which tools hand findings to platforms.

use std::path::Path;

use serde_json::{Value, json};

use crate::gate::baseline::slashes;
use crate::gate::check::File;
use crate::gate::finding::Finding;
use crate::gate::position::{Lines, Position};
use crate::gate::report::Outcome;
use crate::gate::rule::Rule;

/// Returns the log, with a line end.
pub(super) fn report(outcome: &Outcome) -> String {
    let mut rules: Vec<&'static Rule> =
        outcome.checked.files.iter().flat_map(|file| &file.findings).map(|f| f.rule).collect();
    rules.sort_by_key(|rule| rule.id);
    rules.dedup();
    let mut results = Vec::new();
    for file in &outcome.checked.files {
        let lines = Lines::new(&file.text);
        results.extend(file.findings.iter().map(|finding| result(&rules, file, &lines, finding)));
    }
    let stale = outcome
        .stale
        .iter()
        .map(|stale| notification(&stale.what, &stale.file, Some(Position { line: stale.line, column: 1 }), "error"));
    let unchecked = outcome
        .checked
        .unchecked
        .iter()
        .map(|unchecked| notification(&unchecked.why, &unchecked.path, unchecked.at, "warning"));
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "timestamp gate",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|rule| json!({
                        "id": rule.id,
                        "shortDescription": { "text": sentence(rule.reason) },
                        "help": { "text": format!("Instead: {}", sentence(rule.instead)) },
                        "defaultConfiguration": { "level": "error" },
                    })).collect::<Vec<_>>(),
                }
            },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": outcome.checked.unchecked.is_empty(),
                "toolExecutionNotifications": stale.chain(unchecked).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(rules: &[&'static Rule], file: &File, lines: &Lines<'_>, finding: &Finding) -> Value {
    let (start, end) = (lines.position(finding.at.start), lines.position(finding.at.end));
    let Rule { id, reason, instead } = finding.rule;
    json!({
        "ruleId": id,
        "ruleIndex": rules.iter().position(|rule| rule.id == *id),
        "level": "error",
        "message": { "text": literal(&format!("`{}`: {reason}. Instead: {instead}.", finding.words)) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&file.path) },
                "region": {
                    "startLine": start.line,
                    "startColumn": start.column,
                    "endLine": end.line,
                    "endColumn": end.column,
                },
            },
        }],
    })
}

fn notification(text: &str, path: &Path, at: Option<Position>, level: &str) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(path) } });
    if let Some(Position { line, column }) = at {
        place["region"] = json!({ "startLine": line, "startColumn": column });
    }
    json!({ "level": level, "message": { "text": literal(&sentence(text)) }, "locations": [{ "physicalLocation": place }] })
}

/// Returns a message that has no placeholders: section 3.11.5 writes each brace twice then.
fn literal(message: &str) -> String {
    message.replace('{', "{{").replace('}', "}}")
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    let first: String = characters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

/// Returns a path as a reference of RFC 3986: relative where it is, and without a character that means something there.
fn uri(path: &Path) -> String {
    let path = slashes(path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri(Path::new("src/a b/é#.rs")), "src/a%20b/%C3%A9%23.rs");
        assert_eq!(uri(Path::new("/tmp/a.rs")), "file:///tmp/a.rs");
    }

    #[test]
    fn braces_are_no_placeholders() {
        assert_eq!(literal("`{0} %F %T`"), "`{{0}} %F %T`");
    }
}
