//! Why a run can not begin or end, told in three lines: what, why, and what to do.

use std::fmt;

use crate::exit_code;

/// An error that people can do something about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What could not be done.
    pub(crate) what: String,
    /// Why not.
    pub(crate) why: String,
    /// What to do about it.
    pub(crate) help: String,
    /// How the program ends.
    pub(crate) code: u8,
}

impl Refusal {
    /// Arguments, a configuration or a baseline that can not be used.
    pub(crate) fn unusable(what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), help: help.into(), code: exit_code::USAGE }
    }

    /// Something that could not be written.
    pub(crate) fn unwritten(what: impl Into<String>, why: impl fmt::Display, help: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.to_string(), help: help.into(), code: exit_code::UNWRITTEN }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, why, help, code: _ } = self;
        write!(f, "error: {what}\n  why: {why}\n help: {help}")
    }
}

/// Returns ", did you mean `..`?" for a word that is close to a known one, and else the known ones.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let closeness = |other: &str| strsim::jaro_winkler(&word.to_lowercase(), other);
    let closest = known.iter().copied().max_by(|a, b| closeness(a).total_cmp(&closeness(b)));
    match closest {
        Some(closest) if closeness(closest) > 0.75 => format!("did you mean `{closest}`?"),
        _ => format!("known are {}", known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_word_is_suggested_and_else_all_are_named() {
        assert_eq!(suggestion("resaon", ["path", "reason"]), "did you mean `reason`?");
        assert_eq!(suggestion("Path", ["path", "reason"]), "did you mean `path`?");
        assert_eq!(suggestion("zzz", ["path", "reason"]), "known are `path`, `reason`");
    }
}
