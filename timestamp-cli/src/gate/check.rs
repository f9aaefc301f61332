//! Reads files and has them scanned, on all cores.

use std::path::PathBuf;

use crate::gate::finding::Finding;
use crate::gate::language::Language;
use crate::gate::position::{Lines, Position};

/// A file that could not be checked, or not to its end.
#[derive(Debug)]
pub(crate) struct Unchecked {
    pub(crate) path: PathBuf,
    /// Where checking stopped, if within the file.
    pub(crate) at: Option<Position>,
    /// What was in the way, as a clause without a full stop.
    pub(crate) why: String,
}

impl Unchecked {
    /// A file or folder that could not be looked into at all.
    pub(crate) fn new(path: PathBuf, why: String) -> Self {
        Self { path, at: None, why }
    }
}

/// A file with what is refused in it.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// In the order of the file.
    pub(crate) findings: Vec<Finding>,
}

/// What came out of a run.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Files with findings.
    pub(crate) files: Vec<File>,
    pub(crate) unchecked: Vec<Unchecked>,
}

/// Reads and scans files.
pub(crate) fn all(paths: Vec<PathBuf>) -> Checked {
    let mut checked = Checked::default();
    for path in paths {
        one(path, &mut checked);
    }
    checked
}

fn one(path: PathBuf, checked: &mut Checked) {
    let Some(language) = Language::of(&path) else { return };
    let text = match std::fs::read(&path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => {
            let at = error.utf8_error().valid_up_to();
            return checked.unchecked.push(Unchecked::new(path, format!("not UTF-8 from byte {at} on")));
        }
        Err(error) => return checked.unchecked.push(Unchecked::new(path, error.to_string())),
    };
    let mut findings = Vec::new();
    if let Err(unreadable) = language.scan(&text, &mut findings) {
        let at = Some(Lines::new(&text).position(unreadable.at));
        checked.unchecked.push(Unchecked { path: path.clone(), at, why: unreadable.why });
    }
    if !findings.is_empty() {
        findings.sort_by_key(|finding| (finding.at.start, finding.at.end));
        checked.files.push(File { path, text, findings });
    }
}
