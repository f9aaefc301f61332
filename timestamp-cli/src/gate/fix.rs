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
        let mut shift = Shifts::default();
        file.findings.retain(|finding| match &finding.fix {
            Some(fix) => {
                shift.add(fix);
                false
            }
            None => true,
        });
        for finding in &mut file.findings {
            finding.at = shift.at(finding.at.start)..shift.at(finding.at.end);
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

/// Replaces a file as a whole, so that no half of it is left if the program is killed.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut new, text.as_bytes())?;
    new.as_file().set_permissions(std::fs::metadata(path)?.permissions())?;
    new.persist(path)?;
    Ok(())
}

/// By how much places behind fixes have moved.
#[derive(Default)]
struct Shifts(Vec<(usize, usize, usize)>);

impl Shifts {
    fn add(&mut self, fix: &Fix) {
        self.0.push((fix.at.end, fix.text.len(), fix.at.len()));
    }

    fn at(&self, at: usize) -> usize {
        self.0.iter().filter(|(end, ..)| *end <= at).fold(at, |at, (_, new, old)| (at + new).saturating_sub(*old))
    }
}
