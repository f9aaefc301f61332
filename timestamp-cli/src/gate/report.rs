//! Tells what was found, to people and to programs.

mod json;

use std::io::Write as _;

use crate::gate::check::Checked;

/// How the findings are told.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// One object, for programs
    #[default]
    Json,
}

/// Writes a report to the standard output.
pub(crate) fn print(format: Format, checked: &Checked) {
    let text = match format {
        Format::Json => json::report(checked),
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
}
