//! Tells what was found, to people and to programs.

mod github;
mod human;
mod json;
mod sarif;

use std::path::PathBuf;
use std::time::Duration;

use crate::gate::check::Checked;
use crate::gate::judgement::{Excepted, Stale};
use crate::gate::language::Language;

/// How the findings are told.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// For people, with the code
    #[default]
    Human,
    /// One object, for programs
    Json,
    /// SARIF 2.1.0, for platforms that show findings in reviews
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// What a run comes to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) checked: Checked,
    pub(crate) stale: Vec<Stale>,
    pub(crate) excepted: Excepted,
    /// How many findings were mended.
    pub(crate) fixed: usize,
    /// How many files were checked.
    pub(crate) files: usize,
    pub(crate) took: Duration,
}

impl Outcome {
    /// Returns how many findings are left.
    pub(crate) fn findings(&self) -> usize {
        self.checked.files.iter().map(|file| file.findings.len()).sum()
    }
}

/// Returns the report for the standard output.
pub(crate) fn report(format: Format, outcome: &Outcome) -> String {
    match format {
        Format::Human => human::report(outcome),
        Format::Json => json::report(outcome),
        Format::Sarif => sarif::report(outcome),
        Format::Github => github::report(outcome),
    }
}

/// Returns the last line for people: how much was checked, and what came out.
pub(crate) fn summary(outcome: &Outcome) -> String {
    let Outcome { checked, stale, excepted, fixed, files, took } = outcome;
    let seconds = took.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let megabytes = checked.bytes as f64 / 1e6;
    let mut parts = vec![count(outcome.findings(), "finding")];
    for (number, what) in [
        (*fixed, "fixed"),
        (excepted.allowed, "allowed"),
        (excepted.in_baseline, "in the baseline"),
        (excepted.kept, "kept there, of files that were not checked"),
        (excepted.gone, "gone from the baseline, which can be written anew"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if !stale.is_empty() {
        parts.push(count(stale.len(), "stale exception"));
    }
    if !checked.unchecked.is_empty() {
        parts.push(format!("{} not checked", count(checked.unchecked.len(), "file")));
    }
    let speed = if seconds > 0.0 { megabytes / seconds } else { 0.0 };
    format!("{}; {}, {megabytes:.1} MB in {seconds:.2} s ({speed:.0} MB/s)", parts.join(", "), count(*files, "file"))
}

/// Returns the line for people about files that were named, though the gate does not read their language.
pub(crate) fn note(unknown: &[PathBuf]) -> Option<String> {
    /// So many are told by their names; a hook may name all files of a commit.
    const SHOWN: usize = 3;
    let names: Vec<_> = unknown.iter().take(SHOWN).map(|path| human::name(path)).collect();
    let more = match unknown.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let endings: Vec<_> = Language::endings().map(|ending| format!(".{ending}")).collect();
    (!unknown.is_empty()).then(|| {
        format!("note: not read, since the gate reads only {}: {}{more}", endings.join(", "), names.join(", "))
    })
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
