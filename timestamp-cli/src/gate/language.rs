//! The languages that the gate reads, told by the ends of file names.

use std::path::Path;

use crate::gate::finding::{Finding, Unreadable};
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

    /// Adds what is refused in a file of this language to `findings`.
    ///
    /// # Errors
    ///
    /// Where the file can not be read as this language.
    pub(crate) fn scan(self, text: &str, findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
        match self {
            Self::Rust => rust::scan(text, findings),
            Self::Sql => sql::scan(text, findings),
            Self::JavaScript => javascript::scan(text, findings),
        }
    }
}
