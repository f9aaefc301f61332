//! `Arguments`: what the command line says.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use super::failure::Failure;

/// Replays the history of a git repository into entities and events on SQLite.
#[derive(Debug, Parser)]
#[command(name = "git_history")]
pub(crate) struct Arguments {
    /// A folder in a git repository, or a bare repository [default: the current folder]
    pub(crate) path: Option<PathBuf>,
    /// The database to replay into, or to continue [default: a temporary one]
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Failure> {
        Self::try_parse_from(arguments).map_err(Failure::Usage)
    }
}
