//! The files below `tests/ui/`, and what their headers say.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A chapter of the laws.
pub(crate) struct Theme {
    /// The crate whose tests it is made of; this one runs only its own.
    pub(crate) of_crate: &'static str,
    pub(crate) folder: &'static str,
    pub(crate) title: &'static str,
    pub(crate) introduction: &'static str,
}

pub(crate) const THIS_CRATE: &str = "timestamp-derive";

/// The chapters, in the order in which a reader meets them.
pub(crate) const THEMES: [Theme; 5] = [
    Theme {
        of_crate: THIS_CRATE,
        folder: "promise",
        title: "The promise",
        introduction: "Timestamps can be trusted because nothing but `create`, `touch` and a repository reaches them.",
    },
    Theme {
        of_crate: THIS_CRATE,
        folder: "shape",
        title: "The shape of an entity",
        introduction: "An entity is a plain struct with named fields.",
    },
    Theme {
        of_crate: THIS_CRATE,
        folder: "field",
        title: "The fields",
        introduction: "One field is the id, one holds the timestamps, and with a table each other one fits into a column.",
    },
    Theme {
        of_crate: THIS_CRATE,
        folder: "attribute",
        title: "The attribute",
        introduction: "`#[timestamped(...)]` is refused where it could be meant in another way than it works.",
    },
    Theme {
        of_crate: "timestamp-repo",
        folder: "repository",
        title: "The repository",
        introduction: "A repository stores entities with a table, and a unit of work ends once.",
    },
];

/// A compile-fail test.
pub(crate) struct Case {
    pub(crate) theme: &'static str,
    pub(crate) name: String,
    pub(crate) law: String,
    pub(crate) instead: String,
    pub(crate) code: String,
    pub(crate) answer: String,
}

pub(crate) fn crate_folder() -> PathBuf {
    // Set when the test runs, which may be elsewhere than where it was built.
    env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// The folder `tests/ui` of a crate of the workspace.
fn ui(of_crate: &str) -> PathBuf {
    crate_folder().join("..").join(of_crate).join("tests/ui")
}

/// The names of this crate's folders below `ui/`, sorted.
pub(crate) fn folders() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(ui(THIS_CRATE))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The files of a folder that end in `.extension`, sorted; none if there is no such folder.
pub(crate) fn in_folder(of_crate: &str, folder: &str, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(ui(of_crate).join(folder)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

/// Every compile-fail test of this crate, chapter by chapter.
pub(crate) fn cases() -> Vec<Case> {
    THEMES.iter().filter(|theme| theme.of_crate == THIS_CRATE).flat_map(cases_of).collect()
}

/// The compile-fail tests of one chapter.
pub(crate) fn cases_of(theme: &Theme) -> Vec<Case> {
    in_folder(theme.of_crate, theme.folder, "rs").iter().map(|file| case(theme, file)).collect()
}

fn case(theme: &Theme, file: &Path) -> Case {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let source = fs::read_to_string(file).unwrap();
    let mut parts = source.splitn(4, '\n');
    let mut part = |start: &str| {
        let line = parts.next().unwrap_or_default();
        let text = line.strip_prefix(start);
        text.unwrap_or_else(|| panic!("{}: expected a line that begins with {start:?}", file.display())).to_owned()
    };
    let (law, instead, _blank) = (part("//! Law: "), part("//! Instead: "), part(""));
    let code = parts.next().unwrap_or_default().to_owned();
    for sentence in [&law, &instead] {
        assert!(sentence.ends_with('.'), "{}: a sentence of the header ends with a full stop", file.display());
    }
    let answer = fs::read_to_string(file.with_extension("stderr")).unwrap_or_else(|_| {
        panic!("{} has no .stderr yet: run the test `wrong_code` with TRYBUILD=overwrite", file.display())
    });
    Case { theme: theme.folder, name, law, instead, code, answer }
}
