//! Which files are checked: the files that were named, and in folders those of a known language that git does not ignore.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::gate::check::Unchecked;
use crate::gate::config::Config;
use crate::gate::language::Language;

/// The files of a run.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// As people reach them from where they are; sorted.
    pub(crate) files: Vec<PathBuf>,
    /// The same, relative to the folder of the configuration.
    pub(crate) within: Vec<PathBuf>,
    /// Files that were named, though the gate does not read their language; sorted.
    pub(crate) unknown: Vec<PathBuf>,
    /// What could not be looked into.
    pub(crate) unchecked: Vec<Unchecked>,
    /// Of each entry of the configuration that skips files, whether it did.
    pub(crate) skipped: Vec<bool>,
    /// Whether all of the folder of the configuration was walked.
    pub(crate) is_whole: bool,
    /// What was named, without links.
    roots: Vec<PathBuf>,
}

impl Walk {
    /// Finds the files.
    ///
    /// Symbolic links are not followed, so that no loop exists and nothing is checked twice.
    pub(crate) fn new(paths: &[PathBuf], config: &Config) -> Self {
        let folder = config.folder();
        let mut walk = Self { skipped: vec![false; config.skips.len()], ..Self::default() };
        let mut found = Vec::new();
        for path in paths {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            walk.is_whole |= folder.starts_with(&real);
            walk.roots.push(real.clone());
            let is_folder = real.is_dir();
            for entry in walker(path).build() {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        walk.unchecked.push(unreadable(&error, path));
                        continue;
                    }
                };
                // What was named is read whatever it is called; of a link, what it leads to.
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file()) || entry.depth() == 0 && !is_folder;
                if !is_file {
                    continue;
                }
                if Language::of(entry.path()).is_none() {
                    // In a folder such files are expected; who names one expects to hear of it.
                    if entry.depth() == 0 {
                        walk.unknown.push(entry.into_path());
                    }
                    continue;
                }
                let below = entry.path().strip_prefix(path).unwrap_or(Path::new(""));
                let real = if below.as_os_str().is_empty() { real.clone() } else { real.join(below) };
                let within = real.strip_prefix(&folder).map(Path::to_owned).unwrap_or(real);
                if !walk.skips(config, &within) {
                    let path = entry.into_path();
                    found.push((path.strip_prefix("./").map(Path::to_owned).unwrap_or(path), within));
                }
            }
        }
        found.sort();
        found.dedup();
        walk.unknown.sort();
        walk.unknown.dedup();
        (walk.files, walk.within) = found.into_iter().unzip();
        walk
    }

    /// Whether a path, which is absolute and without links, lies in what was named.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }

    fn skips(&mut self, config: &Config, within: &Path) -> bool {
        let mut is_skipped = false;
        for (skipped, skip) in self.skipped.iter_mut().zip(&config.skips) {
            if skip.places.have(within) {
                (*skipped, is_skipped) = (true, true);
            }
        }
        is_skipped
    }
}

/// Walks as git does: hidden files count, files for other tools that tell what to leave out do not.
fn walker(path: &Path) -> WalkBuilder {
    let mut walker = WalkBuilder::new(path);
    walker.hidden(false).ignore(false).filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0);
    walker
}

/// Tells what could not be looked into, once and without the path in its words.
fn unreadable(error: &ignore::Error, root: &Path) -> Unchecked {
    match error {
        ignore::Error::WithPath { path, err } => Unchecked::new(path.clone(), plain(err)),
        ignore::Error::WithDepth { err, .. } => unreadable(err, root),
        other => Unchecked::new(root.to_owned(), plain(other)),
    }
}

fn plain(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => plain(err),
        // The words of the walk repeat the path; the system's own do not.
        ignore::Error::Io(error) => match error.raw_os_error().or_else(|| os_error(error)) {
            Some(code) => std::io::Error::from_raw_os_error(code).to_string(),
            None => error.to_string(),
        },
        other => other.to_string(),
    }
}

/// Returns the number of the error that is behind another.
fn os_error(error: &std::io::Error) -> Option<i32> {
    let mut source = error.get_ref().map(|inner| inner as &dyn std::error::Error);
    while let Some(inner) = source {
        if let Some(code) = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error) {
            return Some(code);
        }
        source = inner.source();
    }
    None
}
