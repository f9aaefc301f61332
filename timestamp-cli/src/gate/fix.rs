//! `--fix`: writes what is certainly meant in the place of what is refused.

use std::path::Path;

use crate::gate::check::{Checked, File};
use crate::gate::finding::{Fix, Unreadable};
use crate::gate::language::Language;
use crate::gate::refusal::Refusal;

/// Applies the fixes of what was found, and takes those findings out. Returns how many there were.
///
/// # Errors
///
/// A file could not be written; those before it are.
pub(crate) fn apply(checked: &mut Checked) -> Result<usize, Refusal> {
    let mut fixed = 0;
    for file in &mut checked.files {
        let fixes: Vec<Fix> = file.findings.iter().filter_map(|finding| finding.fix.clone()).collect();
        let Some(text) = fixed_text(file, fixes) else { continue };
        write(&file.path, &text).map_err(|error| {
            let what = format!("{} could not be mended", file.path.display());
            Refusal::unwritten(what, error, "make the file writable, or mend it by hand")
        })?;
        let before = file.findings.len();
        let shifts = Shifts::new(file.findings.iter().filter_map(|finding| finding.fix.as_ref()));
        file.findings.retain(|finding| finding.fix.is_none());
        for finding in &mut file.findings {
            finding.at = shifts.at(finding.at.start)..shifts.at(finding.at.end);
        }
        fixed += before - file.findings.len();
        file.text = text;
    }
    checked.files.retain(|file| !file.findings.is_empty());
    Ok(fixed)
}

/// Returns the text with all fixes; `None` if there is none, two overlap, or the result could not be read any more.
fn fixed_text(file: &File, mut fixes: Vec<Fix>) -> Option<String> {
    fixes.sort_by_key(|fix| (fix.at.start, fix.at.end));
    let overlap = fixes.iter().zip(fixes.iter().skip(1)).any(|(fix, next)| fix.at.end > next.at.start);
    if fixes.is_empty() || overlap {
        return None;
    }
    let mut text = file.text.clone();
    for fix in fixes.iter().rev() {
        text.get(fix.at.clone())?;
        text.replace_range(fix.at.clone(), &fix.text);
    }
    is_readable(&file.path, &text).ok()?;
    Some(text)
}

fn is_readable(path: &Path, text: &str) -> Result<(), Unreadable> {
    match Language::of(path) {
        Some(language) => language.is_readable(text),
        None => Ok(()),
    }
}

/// Replaces a file as a whole, so that no half of it is left if the program is killed. A link stays one.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut new, text.as_bytes())?;
    new.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
    new.persist(path)?;
    Ok(())
}

/// By how much places behind fixes have moved.
struct Shifts {
    /// Where each fix ended, with how many bytes it and those before it put in and took out; sorted.
    ends: Vec<(usize, usize, usize)>,
}

impl Shifts {
    fn new<'a>(fixes: impl Iterator<Item = &'a Fix>) -> Self {
        let mut ends: Vec<_> = fixes.map(|fix| (fix.at.end, fix.text.len(), fix.at.len())).collect();
        ends.sort_unstable();
        let (mut new, mut old) = (0, 0);
        for end in &mut ends {
            (new, old) = (new + end.1, old + end.2);
            (end.1, end.2) = (new, old);
        }
        Self { ends }
    }

    fn at(&self, at: usize) -> usize {
        let before = self.ends.partition_point(|(end, ..)| *end <= at);
        let last = before.checked_sub(1).and_then(|last| self.ends.get(last));
        last.map_or(at, |(_, new, old)| (at + new).saturating_sub(*old))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_by_the_fixes_before_them() {
        let fix = |at, text: &str| Fix { at, text: text.to_owned() };
        let fixes = [fix(10..15, "true"), fix(30..30, "Z"), fix(20..29, "to_utc")];
        let shifts = Shifts::new(fixes.iter());
        let moved = [0, 10, 15, 20, 29, 30, 40].map(|at| shifts.at(at));
        assert_eq!(moved, [0, 10, 14, 19, 25, 27, 37]);
    }

    #[test]
    fn as_many_places_as_fixes_are_moved_in_no_time() {
        let fixes: Vec<_> = (0..300_000).map(|at| Fix { at: at * 8..at * 8 + 5, text: "true".to_owned() }).collect();
        let shifts = Shifts::new(fixes.iter());
        for index in 0..300_000 {
            assert_eq!(shifts.at(index * 8 + 6), index * 7 + 5);
        }
    }
}
