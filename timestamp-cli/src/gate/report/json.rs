//! The report for programs: one JSON object.

use serde_json::json;

use crate::gate::position::Lines;
use crate::gate::report::Outcome;

/// Returns the report, with a line end.
pub(super) fn report(outcome: &Outcome) -> String {
    let findings = outcome.checked.files.iter().flat_map(|file| {
        let lines = Lines::new(&file.text);
        file.findings.iter().map(move |finding| {
            let (start, end) = (lines.position(finding.at.start), lines.position(finding.at.end));
            json!({
                "rule": finding.rule.id,
                "path": file.path.to_string_lossy(),
                "line": start.line,
                "column": start.column,
                "end_line": end.line,
                "end_column": end.column,
                "words": finding.words,
                "function": finding.within.as_deref(),
                "reason": finding.rule.reason,
                "instead": finding.rule.instead,
                "fix": finding.fix.as_ref().map(|fix| {
                    json!({ "start": fix.at.start, "end": fix.at.end, "text": fix.text })
                }),
            })
        })
    });
    let findings: Vec<_> = findings.collect();
    let unchecked = outcome.checked.unchecked.iter().map(|unchecked| {
        json!({
            "path": unchecked.path.to_string_lossy(),
            "line": unchecked.at.map(|at| at.line),
            "column": unchecked.at.map(|at| at.column),
            "why": unchecked.why,
        })
    });
    let unchecked: Vec<_> = unchecked.collect();
    let stale = outcome
        .stale
        .iter()
        .map(|stale| json!({ "path": stale.file.to_string_lossy(), "line": stale.line, "what": stale.what }));
    let stale: Vec<_> = stale.collect();
    let report = json!({
        "findings": findings,
        "unchecked": unchecked,
        "stale": stale,
        "allowed": outcome.excepted.allowed,
        "in_baseline": outcome.excepted.in_baseline,
        "kept_in_baseline": outcome.excepted.kept,
        "gone_from_baseline": outcome.excepted.gone,
        "fixed": outcome.fixed,
        "files": outcome.files,
        "bytes": outcome.checked.bytes,
    });
    format!("{report:#}\n")
}
