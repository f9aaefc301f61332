//! Which files are checked: the files that were named, and in folders those of a known language that git does not ignore.

use std::path::PathBuf;

use ignore::WalkBuilder;

use crate::gate::check::Unchecked;
use crate::gate::language::Language;

/// Returns the files to check, sorted, and what could not be looked into.
///
/// Symbolic links are not followed, so that no loop exists and nothing is checked twice.
pub(crate) fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Unchecked>) {
    let mut files = Vec::new();
    let mut unchecked = Vec::new();
    for path in paths {
        for entry in WalkBuilder::new(path).build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    if Language::of(entry.path()).is_some() {
                        let path = entry.into_path();
                        files.push(path.strip_prefix("./").map(PathBuf::from).unwrap_or(path));
                    }
                }
                Ok(_) => {}
                Err(error) => unchecked.push(Unchecked::new(path.clone(), error.to_string())),
            }
        }
    }
    files.sort();
    files.dedup();
    (files, unchecked)
}
