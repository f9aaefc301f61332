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
    /// Returns the language of a file by its name, if the gate reads it.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "rs" => Some(Self::Rust),
            "sql" => Some(Self::Sql),
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Self::JavaScript),
            _ => None,
        }
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
