//! `timestamp gate`: refuses code that asks for the time outside of one clock, and times without a zone.
//!
//! # Steps
//!
//! 1. Read the configuration, and find the files.
//! 2. Have each file scanned by its language; names of Rust are followed through all of them.
//! 3. Take out what the project allows, then what its baseline knows.
//! 4. Mend what can be mended, report the rest.

mod baseline;
mod check;
mod clippy;
mod config;
#[cfg(test)]
mod documentation;
mod each;
mod finding;
mod fix;
mod javascript;
mod judgement;
mod language;
mod position;
mod progress;
mod refusal;
mod report;
mod rule;
mod rust;
mod sql;
mod walk;
#[cfg(test)]
mod work;

use std::io::Write as _;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Instant;

use baseline::Baseline;
use config::Config;
use judgement::Excepted;
use progress::Progress;
use refusal::Refusal;
use report::Outcome;
use walk::Walk;

use crate::exit_code;

/// Refuses code that asks for the time outside of one clock, and times without a zone
///
/// Exit codes: 0 clean, 1 findings or stale exceptions, 2 unusable arguments or configuration, 3 no findings, but files
/// that could not be checked, 4 something could not be written.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Files and folders; what git ignores in them is left out
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How the findings are told
    #[arg(long, value_enum, default_value_t)]
    format: report::Format,
    /// The configuration; unless given, the `timestamp-gate.toml` that lies nearest above the paths
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Uses no configuration
    #[arg(long)]
    no_config: bool,
    /// Findings that are known, which do not fail
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Writes what is found to the file of `--baseline`, instead of failing
    #[arg(long, requires = "baseline", conflicts_with = "fix")]
    write_baseline: bool,
    /// Mends what can be mended with certainty
    #[arg(long)]
    fix: bool,
    /// Prints the lists for `clippy.toml` that ban the same, and does nothing else
    #[arg(long)]
    clippy: bool,
    /// How many files are read at a time; as many as there are cores unless given
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

/// Runs the gate, and returns the exit code.
pub(crate) fn run(arguments: &Arguments) -> u8 {
    let result = if arguments.clippy { print(&clippy::lists()).map(|()| exit_code::CLEAN) } else { check(arguments) };
    result.unwrap_or_else(|refusal| {
        let _ = writeln!(std::io::stderr(), "{refusal}");
        refusal.code
    })
}

fn check(arguments: &Arguments) -> Result<u8, Refusal> {
    let begun = Instant::now();
    let config = match &arguments.config {
        Some(file) => Config::read(file)?,
        None if arguments.no_config => Config::default(),
        None => Config::above(&arguments.paths)?,
    };
    let baseline = match &arguments.baseline {
        Some(file) if !arguments.write_baseline => Some(Baseline::read(file)?),
        _ => None,
    };
    let watched: Vec<_> = config.bans.iter().chain(rust::watched::PATHS).cloned().collect();
    let mut walk = Walk::new(&arguments.paths, &config);
    let progress = Progress::new(walk.files.len());
    let checker = check::Checker { watched: &watched, threads: arguments.threads, progress: &progress };
    let mut checked = checker.check(&walk.files);
    progress.end();
    checked.unchecked.splice(0..0, std::mem::take(&mut walk.unchecked));

    let mut excepted = Excepted::default();
    let stale = judgement::allow(&config, &walk, &mut checked, &mut excepted);
    if let Some(file) = arguments.baseline.as_ref().filter(|_| arguments.write_baseline) {
        let written = Baseline::write(file, &checked, &walk)?;
        (excepted.in_baseline, excepted.kept) = (written.found, written.kept);
        checked.files.clear();
    }
    if let Some(baseline) = &baseline {
        judgement::forgive(baseline, &walk, &mut checked, &mut excepted);
    }
    let fixed = if arguments.fix { fix::apply(&mut checked)? } else { 0 };
    let outcome = Outcome { checked, stale, excepted, fixed, files: walk.files.len(), took: begun.elapsed() };
    print(&report::report(arguments.format, &outcome))?;
    if let Some(note) = report::note(&walk.unknown) {
        let _ = writeln!(anstream::stderr(), "{note}");
    }
    let _ = writeln!(anstream::stderr(), "{}", report::summary(&outcome));
    Ok(exit_code(&outcome))
}

fn exit_code(outcome: &Outcome) -> u8 {
    if outcome.findings() > 0 || !outcome.stale.is_empty() {
        exit_code::FINDINGS
    } else if !outcome.checked.unchecked.is_empty() {
        exit_code::UNCHECKED
    } else {
        exit_code::CLEAN
    }
}

/// Writes to the standard output, without colours where it is no terminal.
fn print(text: &str) -> Result<(), Refusal> {
    match anstream::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough, as `head` has.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result
            .map_err(|error| Refusal::unwritten("the report could not be written", error, "free the disk it goes to")),
    }
}
