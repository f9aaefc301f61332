//! What is refused in SQL: files, and string literals of other languages.

use crate::gate::rule::Rule;

/// Every rule, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[];
