//! How the command ends, as numbers that scripts may rely on.

/// Everything that was asked for was checked, and nothing is refused.
pub(crate) const CLEAN: u8 = 0;
/// There are findings that no allowance and no baseline covers, or an allowance that covers nothing.
pub(crate) const FINDINGS: u8 = 1;
/// There are no findings, but some files could not be checked.
pub(crate) const UNCHECKED: u8 = 3;
