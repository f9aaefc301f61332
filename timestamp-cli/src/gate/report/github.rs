//! The report as commands to GitHub Actions, which shows them beside the code.

use crate::gate::position::Lines;
use crate::gate::report::Outcome;

/// Returns one line for each finding.
pub(super) fn report(outcome: &Outcome) -> String {
    let mut report = String::new();
    for file in &outcome.checked.files {
        let lines = Lines::new(&file.text);
        for finding in &file.findings {
            let (start, end) = (lines.position(finding.at.start), lines.position(finding.at.end));
            // GitHub takes columns only where begin and end are on one line.
            let columns = if start.line == end.line {
                format!(",col={},endColumn={}", start.column, end.column)
            } else {
                String::new()
            };
            report.push_str(&format!(
                "::error file={},line={},endLine={}{columns},title={}::{}\n",
                property(&file.path.to_string_lossy()),
                start.line,
                end.line,
                property(finding.rule.id),
                message(&format!("{}: {}\ninstead: {}", finding.words, finding.rule.reason, finding.rule.instead)),
            ));
        }
    }
    for unchecked in &outcome.checked.unchecked {
        let line = unchecked.at.map(|at| format!(",line={}", at.line)).unwrap_or_default();
        let path = property(&unchecked.path.to_string_lossy());
        report.push_str(&format!("::warning file={path}{line},title=not checked::{}\n", message(&unchecked.why)));
    }
    for stale in &outcome.stale {
        let path = property(&stale.file.to_string_lossy());
        report.push_str(&format!(
            "::error file={path},line={},title=stale exception::{}\n",
            stale.line,
            message(&stale.what)
        ));
    }
    report
}

/// Escapes the text of a command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command, which also ends at a colon or a comma.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(message("100%: a,\r\nb"), "100%25: a,%0D%0Ab");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
