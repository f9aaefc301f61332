//! How the command ends, as numbers that scripts may rely on.

/// Everything that was asked for was checked, and nothing is refused.
pub(crate) const CLEAN: u8 = 0;
/// There are findings that no allowance and no baseline covers, or exceptions that except nothing.
pub(crate) const FINDINGS: u8 = 1;
/// The arguments, the configuration or the baseline can not be used; nothing was checked. Also clap's own code.
pub(crate) const USAGE: u8 = 2;
/// There are no findings, but some files could not be checked.
pub(crate) const UNCHECKED: u8 = 3;
/// A report, a baseline or a fix could not be written.
pub(crate) const UNWRITTEN: u8 = 4;
