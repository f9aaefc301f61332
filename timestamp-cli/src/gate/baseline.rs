//! The baseline: the findings that an old code base begins with, so that only new ones fail.
//!
//! A finding is known by its rule, its file and its words, and each of those by how often it occurs. So lines may move
//! and be broken and indented otherwise, and what is mended frees no place for something else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::gate::check::{Checked, Unchecked};
use crate::gate::judgement::relative;
use crate::gate::refusal::Refusal;
use crate::gate::walk::Walk;

/// The version of the format.
const VERSION: u32 = 1;

/// Findings that are known.
#[derive(Debug)]
pub(crate) struct Baseline {
    /// Where its file lies; paths are relative to it.
    folder: PathBuf,
    known: Vec<Known>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    findings: Vec<Known>,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Known {
    path: String,
    rule: String,
    words: String,
    count: usize,
}

/// How many findings of each kind are still to be forgiven.
#[derive(Debug)]
pub(crate) struct Counts(BTreeMap<(String, String, String), usize>);

impl Counts {
    /// Takes one away, if there is one.
    pub(crate) fn take(&mut self, rule: &str, path: &Path, words: &str) -> bool {
        let key = (rule.to_owned(), slashes(path), words.to_owned());
        match self.0.get_mut(&key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    /// Returns how many were not taken, of the files that were looked at.
    pub(crate) fn left(&self, looked: &Looked<'_>, folder: &Path) -> usize {
        let left = self.0.iter().filter(|((_, path, _), _)| looked.at_all_of(path, folder));
        left.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

/// Which files a run looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looked<'a> {
    pub(crate) walk: &'a Walk,
    pub(crate) unchecked: &'a [Unchecked],
}

impl Looked<'_> {
    /// Whether a file was read to its end, or would have been if it were still there.
    fn at_all_of(&self, path: &str, folder: &Path) -> bool {
        let file = folder.join(path);
        // A folder that could not be looked into stands for all that is in it.
        let is_unchecked =
            self.unchecked.iter().any(|unchecked| file.starts_with(folder.join(relative(&unchecked.path, folder))));
        self.walk.covers(&file) && !is_unchecked
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// How many findings of this run.
    pub(crate) found: usize,
    /// How many that were known before, in files that this run did not look at.
    pub(crate) kept: usize,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// The file can not be read, or is no baseline of this version.
    pub(crate) fn read(file: &Path) -> Result<Self, Refusal> {
        let what = format!("the baseline {} can not be used", file.display());
        let help = "write it anew with `--write-baseline`, once you know that nothing new is among the findings";
        let text = std::fs::read_to_string(file).map_err(|error| Refusal::unusable(&what, error.to_string(), help))?;
        let stored: Stored =
            serde_json::from_str(&text).map_err(|error| Refusal::unusable(&what, error.to_string(), help))?;
        if stored.version != VERSION {
            let why = format!("it has the version {}, and this program reads {VERSION}", stored.version);
            return Err(Refusal::unusable(what, why, help));
        }
        Ok(Self { folder: folder(file), known: stored.findings })
    }

    /// Writes what was found to a file, beside what the file knew of places that were not looked at.
    ///
    /// # Errors
    ///
    /// The file can not be written; or it is no baseline, and this run looked at a part of the project only.
    pub(crate) fn write(file: &Path, checked: &Checked, walk: &Walk) -> Result<Written, Refusal> {
        let folder = folder(file);
        let known = match Self::read(file) {
            Ok(baseline) => baseline.known,
            Err(_) if !file.exists() || walk.covers(&folder) => Vec::new(),
            Err(refusal) => {
                let help = "check the whole project, which writes it anew, or remove the file";
                return Err(Refusal { help: help.to_owned(), ..refusal });
            }
        };
        let mut counts: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for checked in &checked.files {
            let path = slashes(&relative(&checked.path, &folder));
            for finding in &checked.findings {
                *counts.entry((path.clone(), finding.rule.id.to_owned(), finding.words.clone())).or_default() += 1;
            }
        }
        let found = counts.values().sum();
        let looked = Looked { walk, unchecked: &checked.unchecked };
        for Known { path, rule, words, count } in known {
            if !looked.at_all_of(&path, &folder) {
                // Of a file that was read in part, what was found anew is among what is known.
                let entry = counts.entry((path, rule, words)).or_default();
                *entry = count.max(*entry);
            }
        }
        let kept = counts.values().fold(0_usize, |sum, count| sum.saturating_add(*count)) - found;
        let known = |((path, rule, words), count)| Known { path, rule, words, count };
        let stored = Stored { version: VERSION, findings: counts.into_iter().map(known).collect() };
        let what = format!("the baseline {} could not be written", file.display());
        let help = "name a file in a folder that exists and can be written";
        let text = serde_json::to_string_pretty(&stored).map_err(|error| Refusal::unwritten(&what, error, help))?;
        std::fs::write(file, format!("{text}\n")).map_err(|error| Refusal::unwritten(&what, error, help))?;
        Ok(Written { found, kept })
    }

    /// Returns where its file lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how many findings of each kind it forgives.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = BTreeMap::new();
        for Known { path, rule, words, count } in &self.known {
            let known = counts.entry((rule.clone(), path.clone(), words.clone())).or_insert(0_usize);
            *known = known.saturating_add(*count);
        }
        Counts(counts)
    }
}

fn folder(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// Returns a path with `/` between its parts, whatever the system has there.
pub(crate) fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
