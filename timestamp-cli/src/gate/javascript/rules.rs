//! What is refused in JavaScript and TypeScript.

use crate::gate::rule::Rule;

/// Every rule, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[];
