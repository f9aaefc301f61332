//! What is left of the findings after the project's own decisions: its allowances and its baseline.

use std::path::{Path, PathBuf};

use crate::gate::baseline::{Baseline, Looked};
use crate::gate::check::{Checked, File};
use crate::gate::config::{Allowance, Config, Places};
use crate::gate::walk::Walk;

/// An exception that excepts nothing, so that nobody knows whether it is still needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    /// The file in which it stands.
    pub(crate) file: PathBuf,
    /// The line at which it begins.
    pub(crate) line: usize,
    /// What it is, as a clause.
    pub(crate) what: String,
}

/// How many findings were taken out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excepted {
    pub(crate) allowed: usize,
    pub(crate) in_baseline: usize,
    /// Entries that stay in the baseline that is written, of files that were not looked at.
    pub(crate) kept: usize,
    /// Entries of the baseline that nothing matches any more, in files that were looked at.
    pub(crate) gone: usize,
}

/// Returns the path of a file as configurations and baselines write it: relative to their folder, with `/`.
pub(crate) fn relative(path: &Path, folder: &Path) -> PathBuf {
    let absolute = path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    absolute.strip_prefix(folder).map(Path::to_owned).unwrap_or(absolute)
}

/// Takes out what is allowed, and returns the exceptions that except nothing.
pub(crate) fn allow(config: &Config, walk: &Walk, checked: &mut Checked, excepted: &mut Excepted) -> Vec<Stale> {
    let folder = config.folder();
    let mut needed = vec![false; config.allowances.len()];
    for file in &mut checked.files {
        let path = relative(&file.path, &folder);
        let before = file.findings.len();
        file.findings.retain(|finding| {
            let mut is_allowed = false;
            for (needed, allowance) in needed.iter_mut().zip(&config.allowances) {
                if allowance.covers(&path, finding.rule, finding.within.as_deref()) {
                    (*needed, is_allowed) = (true, true);
                }
            }
            !is_allowed
        });
        excepted.allowed += before - file.findings.len();
    }
    checked.files.retain(|file| !file.findings.is_empty());
    stale(config, walk, &needed)
}

/// Returns the exceptions that except nothing, of those whose files were all checked.
fn stale(config: &Config, walk: &Walk, needed: &[bool]) -> Vec<Stale> {
    let Some(file) = &config.file else { return Vec::new() };
    let file = shown(file);
    let has_file = |places: &Places| walk.within.iter().any(|path| places.have(path));
    // Of a folder, part may have been left out; of a file not.
    let is_checked =
        |places: &Places| walk.is_whole || walk.within.iter().any(|path| path.as_os_str() == places.pattern.as_str());
    let mut stale = Vec::new();
    for (allowance, needed) in config.allowances.iter().zip(needed) {
        let Allowance { places, rule, function: _, line } = allowance;
        if *needed || !is_checked(places) {
            continue;
        }
        let rule = rule.as_deref().map(|rule| format!(" of {rule}")).unwrap_or_default();
        let why = if has_file(places) { "nothing of the kind is there" } else { "no file is there" };
        let what = format!("the allowance{rule} in `{}` allows nothing: {why}", places.pattern);
        stale.push(Stale { file: file.clone(), line: *line, what });
    }
    for (skip, needed) in config.skips.iter().zip(&walk.skipped) {
        if !needed && walk.is_whole {
            let what = format!("nothing is skipped by `{}`: no file is there", skip.places.pattern);
            stale.push(Stale { file: file.clone(), line: skip.line, what });
        }
    }
    stale
}

/// Returns the path of the configuration as people know it, from where they are.
fn shown(file: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    file.strip_prefix(&here).unwrap_or(file).to_owned()
}

/// Takes out what the baseline knows.
pub(crate) fn forgive(baseline: &Baseline, walk: &Walk, checked: &mut Checked, excepted: &mut Excepted) {
    let mut left = baseline.counts();
    for File { path, findings, .. } in &mut checked.files {
        let path = relative(path, baseline.folder());
        let before = findings.len();
        findings.retain(|finding| !left.take(finding.rule.id, &path, &finding.words));
        excepted.in_baseline += before - findings.len();
    }
    checked.files.retain(|file| !file.findings.is_empty());
    excepted.gone = left.left(&Looked { walk, unchecked: &checked.unchecked }, baseline.folder());
}
