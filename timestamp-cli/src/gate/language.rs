//! The languages that the gate reads, told by the ends of file names.

use std::path::Path;

use crate::gate::finding::Unreadable;
use crate::gate::{javascript, rust, sql};

/// A language that the gate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `.rs`
    Rust,
    /// `.sql`
    Sql,
    /// `.js`, `.ts` and their variants
    JavaScript,
}

impl Language {
    /// The ends of the names of files, behind the last dot.
    const ENDINGS: &[(&str, Self)] = &[
        ("rs", Self::Rust),
        ("sql", Self::Sql),
        ("js", Self::JavaScript),
        ("mjs", Self::JavaScript),
        ("cjs", Self::JavaScript),
        ("jsx", Self::JavaScript),
        ("ts", Self::JavaScript),
        ("mts", Self::JavaScript),
        ("cts", Self::JavaScript),
        ("tsx", Self::JavaScript),
    ];

    /// Returns the language of a file by its name, if the gate reads it.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, language)| *language)
    }

    /// Returns the ends of all names that the gate reads.
    pub(crate) fn endings() -> impl Iterator<Item = &'static str> {
        Self::ENDINGS.iter().map(|(ending, _)| *ending)
    }

    /// Whether a text can be read as this language.
    ///
    /// # Errors
    ///
    /// Where it can not.
    pub(crate) fn is_readable(self, text: &str) -> Result<(), Unreadable> {
        let mut findings = Vec::new();
        match self {
            Self::Rust => rust::read(text, "fixed").map(|_| ()),
            Self::Sql => sql::scan(text, &mut findings),
            Self::JavaScript => javascript::scan(text, &mut findings),
        }
    }
}
