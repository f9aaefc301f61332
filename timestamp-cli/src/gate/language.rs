//! The languages that the gate reads, told by the ends of file names.

use std::path::Path;

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
}
