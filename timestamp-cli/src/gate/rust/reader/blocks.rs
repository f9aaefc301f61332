//! The imports of the blocks around a path, which hide those of its module.

use crate::gate::rust::names::{Meaning, Scope};
use crate::gate::rust::reader::LONGEST_PATH;

/// As many globs of the blocks around a path are followed, and those of one block more.
const GLOBS: usize = 16;

/// From so many blocks around a path names are taken, the innermost first.
const BLOCKS: usize = 64;

/// The blocks around, innermost last; only those that bring names.
#[derive(Debug, Default)]
pub(super) struct Blocks(Vec<Scope>);

/// A path with what the blocks around it import by name put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) path: String,
    /// What those blocks import by `*`.
    pub(super) globs: Vec<String>,
}

impl Blocks {
    /// Begins a block, and returns whether it brings names, which [`leave`](Self::leave) has to take away.
    pub(super) fn enter(&mut self, scope: Scope) -> bool {
        let brings_names = !scope.names.is_empty() || !scope.globs.is_empty();
        if brings_names {
            self.0.push(scope);
        }
        brings_names
    }

    /// Ends the innermost block that brings names.
    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    /// Puts into a path what the blocks import by name; `None` if it is an item of one, or too long to be followed.
    pub(super) fn resolve(&self, path: String) -> Option<Resolved> {
        let (mut path, mut globs) = (path, Vec::new());
        for block in self.0.iter().rev().take(BLOCKS) {
            #[cfg(test)]
            crate::gate::work::add(1);
            if path.len() > LONGEST_PATH {
                return None;
            }
            let (first, rest) = path.split_at(path.find(':').unwrap_or(path.len()));
            match block.names.get(first).and_then(|meanings| meanings.first()) {
                Some(Meaning::Alias(alias)) if alias.len() > LONGEST_PATH => return None,
                Some(Meaning::Alias(alias)) => path = format!("{alias}{rest}"),
                Some(Meaning::Item | Meaning::Module) => return None,
                // Nobody imports so much into a block; who does, is not followed further out.
                None if globs.len() < GLOBS => globs.extend(block.globs.iter().cloned()),
                None => {}
            }
        }
        Some(Resolved { path, globs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(names: &[(&str, Meaning)], globs: &[&str]) -> Scope {
        let mut scope = Scope { globs: globs.iter().map(|glob| (*glob).to_owned()).collect(), ..Scope::default() };
        names.iter().for_each(|(name, meaning)| scope.add((*name).to_owned(), meaning.clone()));
        scope
    }

    #[test]
    fn innermost_block_with_a_name_decides_and_those_around_follow() {
        let mut blocks = Blocks::default();
        assert!(blocks.enter(block(&[("t", Meaning::Alias("std::time".to_owned()))], &["outer"])));
        assert!(!blocks.enter(block(&[], &[])));
        assert!(
            blocks.enter(block(
                &[("Wall", Meaning::Alias("t::SystemTime".to_owned())), ("Own", Meaning::Item)],
                &["inner"]
            ))
        );
        let resolved = |path: &str, globs: &[&str]| {
            Some(Resolved { path: path.to_owned(), globs: globs.iter().map(|glob| (*glob).to_owned()).collect() })
        };
        assert_eq!(blocks.resolve("Wall::now".to_owned()), resolved("std::time::SystemTime::now", &[]));
        assert_eq!(blocks.resolve("Own::now".to_owned()), None);
        assert_eq!(blocks.resolve("Utc::now".to_owned()), resolved("Utc::now", &["inner", "outer"]));
        blocks.leave();
        assert_eq!(blocks.resolve("Own::now".to_owned()), resolved("Own::now", &["outer"]));
    }
}
