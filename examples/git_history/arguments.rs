//! `Arguments`: what the command line says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Parser;

use super::failure::Failure;

/// Replays the history of a git repository into entities and events, on SQLite or PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "git_history")]
pub(crate) struct Arguments {
    /// A folder in a git repository, or a bare repository [default: the current folder]
    pub(crate) path: Option<PathBuf>,
    /// The database to replay into, or to continue: a file, or `postgres://user@host/database` [default: a temporary one]
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) database: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Failure> {
        Self::try_parse_from(arguments).map_err(Failure::Usage)
    }

    /// Returns whether the database is the URL of one on PostgreSQL.
    pub(crate) fn names_postgres(&self) -> bool {
        let url = self.database.as_deref().and_then(Path::to_str).unwrap_or_default();
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    }
}
