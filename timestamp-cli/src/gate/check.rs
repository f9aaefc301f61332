//! Reads files and has them scanned, on all cores.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use crate::gate::each::each;
use crate::gate::finding::{Finding, Unreadable};
use crate::gate::language::Language;
use crate::gate::position::{Lines, Position};
use crate::gate::progress::Progress;
use crate::gate::rust::watched::Watched;
use crate::gate::rust::{self, Filter, HandedOn, Names, Packages, Sketch, Words};
use crate::gate::{javascript, sql};

/// The largest file that is read. Nobody writes such files; programs do, and they may be of any size.
pub(crate) const LARGEST: u64 = 16 * 1024 * 1024;

/// So often all files are searched for names that others hand on, which is quicker than to write down their words. Hardly
/// any code needs more; each search of all for one more name would take more than linear time.
const SEARCHES: u32 = 4;

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

    /// A file of which a part could not be read.
    fn within(path: &Path, text: &str, Unreadable { at, why }: Unreadable) -> Self {
        Self { path: path.to_owned(), at: Some(Lines::new(text).position(at)), why }
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
    /// Files with findings, sorted by path.
    pub(crate) files: Vec<File>,
    /// Sorted by path.
    pub(crate) unchecked: Vec<Unchecked>,
    /// How many bytes were read.
    pub(crate) bytes: u64,
}

/// How to check.
#[derive(Debug)]
pub(crate) struct Checker<'a> {
    pub(crate) watched: &'a [Watched],
    pub(crate) threads: Option<NonZero<usize>>,
    pub(crate) progress: &'a Progress,
}

/// What became of a file that was read.
enum Read {
    /// Nothing in it is refused, as far as its words tell.
    Silent {
        bytes: u64,
    },
    /// Rust, which is judged when the names of all files are known.
    Sketched {
        text: String,
        sketch: Box<Sketch>,
    },
    /// Judged already.
    Scanned {
        text: String,
        findings: Vec<Finding>,
        unchecked: Option<Unchecked>,
    },
    Unchecked(Unchecked),
}

impl Checker<'_> {
    /// Reads files and scans them.
    pub(crate) fn check(&self, paths: &[PathBuf]) -> Checked {
        let packages = Packages::default();
        let filter = Filter::new(self.watched).ok();
        let mut read = each(paths, self.threads, |path| {
            let read = read(path, &packages, filter.as_ref());
            self.progress.advance();
            read
        });
        let mut names = Names::default();
        self.follow_names(paths, &packages, &mut names, &mut read);
        self.judge(paths, &names, read)
    }

    /// Reads those files too that use another name of something watched, which a file that was read hands on.
    fn follow_names(&self, paths: &[PathBuf], packages: &Packages, names: &mut Names, read: &mut [Read]) {
        let mut handed_on = HandedOn::default();
        read.iter().for_each(|read| add_names(names, &mut handed_on, read));
        let mut words = None;
        for pass in 1.. {
            let new = handed_on.new_names(names, self.watched);
            if new.is_empty() {
                return;
            }
            let is_silent = |index: &usize| {
                matches!(read.get(*index), Some(Read::Silent { .. }))
                    && paths.get(*index).is_some_and(|path| Language::of(path) == Some(Language::Rust))
            };
            let silent = || (0..paths.len()).filter(is_silent).collect();
            if pass > SEARCHES && words.is_none() {
                words = Some(self.words(paths, silent()));
            }
            let indexes: Vec<_> = match &words {
                Some(words) => words.holders(&new).into_iter().filter(is_silent).collect(),
                None => silent(),
            };
            let filter = Filter::of_names(new).ok();
            let again = each(&indexes, self.threads, |index| {
                paths.get(*index).map(|path| self::read(path, packages, filter.as_ref()))
            });
            for (index, again) in indexes.into_iter().zip(again) {
                if let (Some(read), Some(again)) = (read.get_mut(index), again) {
                    add_names(names, &mut handed_on, &again);
                    *read = again;
                }
            }
        }
    }

    /// Returns which of some files hold which words.
    fn words(&self, paths: &[PathBuf], indexes: Vec<usize>) -> Words {
        let of = each(&indexes, self.threads, |index| {
            paths.get(*index).and_then(|path| text(path).ok()).map(|text| Words::of(&text)).unwrap_or_default()
        });
        let mut words = Words::default();
        indexes.into_iter().zip(of).for_each(|(index, of)| words.add(index, of));
        words
    }

    fn judge(&self, paths: &[PathBuf], names: &Names, read: Vec<Read>) -> Checked {
        let mut checked = Checked::default();
        let judged = each(&read, self.threads, |read| match read {
            Read::Sketched { text, sketch } => rust::judge(text, sketch, names, self.watched),
            Read::Silent { .. } | Read::Scanned { .. } | Read::Unchecked(_) => Vec::new(),
        });
        for ((path, read), judged) in paths.iter().zip(read).zip(judged) {
            let (text, mut findings, unchecked) = match read {
                Read::Silent { bytes } => {
                    checked.bytes += bytes;
                    continue;
                }
                Read::Unchecked(unchecked) => {
                    checked.unchecked.push(unchecked);
                    continue;
                }
                Read::Scanned { text, findings, unchecked } => (text, findings, unchecked),
                Read::Sketched { text, mut sketch } => {
                    let unreadable = sketch.unreadable.take();
                    let unchecked = unreadable.map(|unreadable| Unchecked::within(path, &text, unreadable));
                    (text, judged, unchecked)
                }
            };
            checked.bytes += text.len() as u64;
            checked.unchecked.extend(unchecked);
            if !findings.is_empty() {
                findings.sort_by(|a, b| (a.at.start, a.at.end, a.rule.id).cmp(&(b.at.start, b.at.end, b.rule.id)));
                findings.dedup_by(|a, b| a.at == b.at && a.rule == b.rule);
                checked.files.push(File { path: path.clone(), text, findings });
            }
        }
        checked
    }
}

fn add_names(names: &mut Names, handed_on: &mut HandedOn, read: &Read) {
    if let Read::Sketched { sketch, .. } = read {
        sketch.modules.iter().for_each(|(module, scope)| handed_on.add(module, scope));
        names.add(sketch.modules.iter().cloned());
    }
}

/// Reads one file. Without a filter, all that is Rust is parsed.
fn read(path: &Path, packages: &Packages, filter: Option<&Filter>) -> Read {
    let text = match text(path) {
        Ok(text) => text,
        Err(why) => return Read::Unchecked(Unchecked::new(path.to_owned(), why)),
    };
    let mut findings = Vec::new();
    let result = match Language::of(path) {
        Some(Language::Rust) => {
            if filter.is_some_and(|filter| !filter.concerns(&text)) {
                return Read::Silent { bytes: text.len() as u64 };
            }
            match rust::read(&text, &packages.module_of(path)) {
                Ok(sketch) => return Read::Sketched { text, sketch: Box::new(sketch) },
                Err(unreadable) => Err(unreadable),
            }
        }
        Some(Language::Sql) => sql::scan(&text, &mut findings),
        Some(Language::JavaScript) => javascript::scan(&text, &mut findings),
        None => Ok(()),
    };
    let unchecked = result.err().map(|unreadable| Unchecked::within(path, &text, unreadable));
    if findings.is_empty() && unchecked.is_none() {
        return Read::Silent { bytes: text.len() as u64 };
    }
    Read::Scanned { text, findings, unchecked }
}

/// Returns the text of a file, or why it has none.
fn text(path: &Path) -> Result<String, String> {
    let size = path.metadata().map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("{size} bytes long; files of more than {LARGEST} are not read"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        format!("not UTF-8 from line {line} on, byte {at}")
    })
}
