//! What is refused in Rust.

use crate::gate::rule::Rule;

/// Every rule, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[];
