//! The report for programs: one JSON object with `findings` and `unchecked`.

use serde_json::json;

use crate::gate::check::Checked;
use crate::gate::position::Lines;

/// Returns the report, with a line end.
pub(crate) fn report(checked: &Checked) -> String {
    let findings = checked.files.iter().flat_map(|file| {
        let lines = Lines::new(&file.text);
        file.findings.iter().map(move |finding| {
            let (start, end) = (lines.position(finding.at.start), lines.position(finding.at.end));
            json!({
                "rule": finding.rule.id,
                "path": file.path,
                "line": start.line,
                "column": start.column,
                "end_line": end.line,
                "end_column": end.column,
                "words": finding.words,
                "reason": finding.rule.reason,
                "instead": finding.rule.instead,
                "fix": finding.fix.as_ref().map(|fix| json!({ "start": fix.at.start, "end": fix.at.end, "text": fix.text })),
            })
        })
    });
    let findings: Vec<_> = findings.collect();
    let unchecked = checked.unchecked.iter().map(|unchecked| {
        json!({
            "path": unchecked.path,
            "line": unchecked.at.map(|at| at.line),
            "column": unchecked.at.map(|at| at.column),
            "why": unchecked.why,
        })
    });
    let unchecked: Vec<_> = unchecked.collect();
    format!("{:#}\n", json!({ "findings": findings, "unchecked": unchecked }))
}
