//! What one promise came to.

use uuid::Uuid;

/// What is counted against a promise, and the promise.
const PROMISES: [(&str, &str); 15] = [
    ("lost", "What was acknowledged is stored"),
    ("unexpected", "What is stored was asked for, and was not refused"),
    ("torn", "A row and its events are stored together, a unit whole"),
    ("wrong answers", "An error says what became of the save"),
    ("skipped", "No event is skipped"),
    ("reordered", "The events of an entity arrive in their order"),
    ("set back", "The times of an entity never go back"),
    ("stuck", "Every event is delivered, in time"),
    ("phantoms", "Only what is stored is delivered"),
    ("two leaders", "One relay leads"),
    ("taken in twice", "With an inbox, each event counts once"),
    ("not taken in", "With an inbox, each event counts"),
    ("gone from the stream", "NATS keeps what it has acknowledged"),
    ("fallen", "No process ends by itself"),
    ("hollow", "There was something to judge"),
];

/// The promise of which this is counted.
pub(crate) fn promise(name: &str) -> &'static str {
    PROMISES.iter().find(|(known, _)| *known == name).map_or("?", |(_, promise)| promise)
}

/// A promise, and what speaks against it.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// One of [`PROMISES`].
    pub(crate) name: &'static str,
    pub(crate) against: Vec<Charge>,
}

/// One thing that speaks against a promise.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    /// Of which the ledgers can tell.
    pub(crate) entity: Option<Uuid>,
    pub(crate) words: String,
}

impl Charge {
    pub(crate) fn about(entity: Uuid, words: String) -> Self {
        Self { entity: Some(entity), words }
    }
}

impl From<String> for Charge {
    fn from(words: String) -> Self {
        Self { entity: None, words }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use clap::ValueEnum as _;

    use super::*;
    use crate::arrangement::Arrangement;

    /// What `scripts/chaos-planted` needs: that the code is still what each patch changes, and that each says by which
    /// promise it is to be seen.
    #[test]
    fn every_planted_bug_applies_and_breaks_a_promise() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut patches = 0;
        for entry in std::fs::read_dir(root.join("chaos/planted")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let expected = text.lines().find_map(|line| line.strip_prefix("expect: ")).unwrap();
            let (engine, names) = expected.split_once(' ').unwrap();
            assert!(Arrangement::from_str(engine, false).is_ok(), "{}: {engine}", path.display());
            for name in names.split('|') {
                assert_ne!(promise(name), "?", "{}: {name}", path.display());
            }
            let applied = Command::new("git").current_dir(root).args(["apply", "--check"]).arg(&path).output().unwrap();
            assert!(applied.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&applied.stderr));
            patches += 1;
        }
        assert!(patches >= 10, "{patches} bugs are planted");
    }
}
