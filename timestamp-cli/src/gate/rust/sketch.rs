//! What is kept of a file that was read: its names, the paths that it mentions, and what is refused in it already.

use std::ops::Range;
use std::sync::Arc;

use crate::gate::finding::{Finding, Unreadable};
use crate::gate::rust::names::Scope;

/// Where a path is mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In code.
    Code,
    /// As the type of something that has this name, or none.
    Signature(Option<String>),
}

/// A path that a file mentions.
#[derive(Debug)]
pub(crate) struct Mention {
    /// As it is written, with what the block around it imports by name put in.
    pub(crate) path: String,
    pub(crate) module: Arc<str>,
    /// What the blocks around it import by `*`.
    pub(crate) globs: Vec<String>,
    pub(crate) place: Place,
    pub(crate) at: Range<usize>,
    pub(crate) within: Option<Arc<str>>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Sketch {
    pub(crate) modules: Vec<(String, Scope)>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) findings: Vec<Finding>,
    /// The first part of the file that could not be read, though the rest could.
    pub(crate) unreadable: Option<Unreadable>,
}
