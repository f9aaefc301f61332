//! Finds what is refused in SQL: in files, and in string literals of other languages.

pub(crate) mod rules;

use std::ops::Range;

use crate::gate::finding::{Finding, Unreadable};

/// Adds what is refused in a file to `findings`.
///
/// # Errors
///
/// Where the file can not be read as SQL; what was found before and after that place is kept.
pub(crate) fn scan(_text: &str, _findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    Ok(())
}

/// Adds what is refused in a string literal to `findings`, if the literal is SQL.
///
/// `text` is the literal's value; `locate` turns a place in it into the place in the file.
pub(crate) fn scan_literal(_text: &str, _locate: &dyn Fn(Range<usize>) -> Range<usize>, _findings: &mut Vec<Finding>) {}
