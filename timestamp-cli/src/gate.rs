//! `timestamp gate`: refuses code that asks for the time outside of one clock, and times without a zone.
#![expect(dead_code, reason = "the scanners that use it are written next")]

mod check;
mod each;
mod finding;
mod javascript;
mod language;
mod position;
mod progress;
mod report;
mod rule;
mod rust;
mod sql;
mod walk;

use std::path::PathBuf;

use crate::exit_code;

/// Refuses code that asks for the time outside of one clock, and times without a zone
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Files and folders; what git ignores in them is left out
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How the findings are told
    #[arg(long, value_enum, default_value_t)]
    format: report::Format,
}

/// Runs the gate, and returns the exit code.
pub(crate) fn run(arguments: &Arguments) -> u8 {
    let (files, mut unchecked) = walk::files(&arguments.paths);
    let progress = progress::Progress::new(files.len());
    let checker = check::Checker { watched: rust::watched::PATHS, threads: None, progress: &progress };
    let mut checked = checker.check(&files);
    progress.end();
    unchecked.append(&mut checked.unchecked);
    checked.unchecked = unchecked;
    report::print(arguments.format, &checked);
    match &checked {
        checked if checked.files.iter().any(|file| !file.findings.is_empty()) => exit_code::FINDINGS,
        checked if !checked.unchecked.is_empty() => exit_code::UNCHECKED,
        _ => exit_code::CLEAN,
    }
}
