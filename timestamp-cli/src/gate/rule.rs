//! What the gate refuses: the table of all rules, which is also the source of the table in the documentation.

use crate::gate::{javascript, rust, sql};

/// One thing that the gate refuses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// `language/what`, such as `rust/system-time`.
    pub(crate) id: &'static str,
    /// Why it is refused, as one clause without a full stop.
    pub(crate) reason: &'static str,
    /// What to write instead, as one clause without a full stop.
    pub(crate) instead: &'static str,
}

/// Returns every rule, by language and in the order of the documentation.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    [rust::rules::RULES, sql::rules::RULES, javascript::rules::RULES].into_iter().flatten().copied()
}
