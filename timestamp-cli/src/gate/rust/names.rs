//! What names stand for, in all modules of all files.
//!
//! Each file adds the modules that it holds, with their imports and items; a path is then followed from name to name
//! until it ends in a crate that is not among the files, at an item of theirs, or where nobody knows on.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::gate::rust::reader::LONGEST_PATH;
use crate::gate::rust::watched::Watched;

/// The most steps from name to name that one path is followed; imports may go in circles.
const STEPS: u32 = 200;

/// What a name in a module stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Another path, by an import or a type alias, as it was written.
    Alias(String),
    /// A module, inline or in a file of its own.
    Module,
    /// Anything else that the module defines.
    Item,
}

/// The names of a module or of a block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Several meanings only where conditional compilation picks one.
    pub(crate) names: HashMap<String, Vec<Meaning>>,
    /// The modules whose names are all imported, as they were written.
    pub(crate) globs: Vec<String>,
    /// The names that other modules may import.
    pub(crate) handed_on: HashSet<String>,
    /// Those of `globs` whose names other modules may import from here.
    pub(crate) globs_handed_on: Vec<String>,
}

impl Scope {
    /// Adds a meaning of a name.
    pub(crate) fn add(&mut self, name: String, meaning: Meaning) {
        self.names.entry(name).or_default().push(meaning);
    }
}

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In a crate that is not among the files.
    Crate(String),
    /// At an item of the files.
    Item(String),
    /// Nobody knows.
    Unknown(String),
}

/// The modules of all files, by their paths.
#[derive(Debug, Default)]
pub(crate) struct Names {
    modules: HashMap<String, Scope>,
    roots: HashSet<String>,
}

impl Names {
    /// Adds the modules of a file.
    pub(crate) fn add(&mut self, modules: impl IntoIterator<Item = (String, Scope)>) {
        for (path, scope) in modules {
            self.roots.insert(root(&path).to_owned());
            let known = self.modules.entry(path).or_default();
            for (name, meanings) in scope.names {
                known.names.entry(name).or_default().extend(meanings);
            }
            known.globs.extend(scope.globs);
            known.globs_handed_on.extend(scope.globs_handed_on);
            known.handed_on.extend(scope.handed_on);
        }
    }

    /// Returns where a path may end that is written in a module; adds to `asked` the modules and crates on whose names that
    /// depends.
    pub(super) fn origins_asking(
        &self,
        path: &str,
        module: &str,
        watched: &[Watched],
        asked: &RefCell<HashSet<String>>,
    ) -> Vec<Origin> {
        let mut search = Search { asked: Some(asked), ..Search::new(self, watched) };
        search.written(path, module);
        search.found
    }

    /// Returns where a path may end that is written in a module, in a block that imports all names of `globs`.
    pub(crate) fn origins_in_block(
        &self,
        path: &str,
        module: &str,
        globs: &[String],
        watched: &[Watched],
    ) -> Vec<Origin> {
        let mut search = Search::new(self, watched);
        let (name, rest) = split_first(path);
        if !search.globs(globs, module, name, rest) {
            search.written(path, module);
        }
        search.found
    }
}

/// Returns the crate of a module.
pub(super) fn root(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

fn join(module: &str, rest: &str) -> String {
    if rest.is_empty() { module.to_owned() } else { format!("{module}::{rest}") }
}

/// Returns the first name of a path that is written in code, and what follows its colons.
///
/// One byte is looked for and not two, since that is done for every path of a project and costs half.
fn split_first(path: &str) -> (&str, &str) {
    let end = path.find(':').unwrap_or(path.len());
    (path.get(..end).unwrap_or(path), path.get(end + "::".len()..).unwrap_or_default())
}

struct Search<'a> {
    names: &'a Names,
    watched: &'a [Watched],
    left: u32,
    /// Whether names may come by `*`. Not while such an import is itself looked for, or it would be its own source.
    through_globs: bool,
    /// What was asked for, if somebody wants to know.
    asked: Option<&'a RefCell<HashSet<String>>>,
    found: Vec<Origin>,
}

impl<'a> Search<'a> {
    fn new(names: &'a Names, watched: &'a [Watched]) -> Self {
        Self { names, watched, left: STEPS, through_globs: true, asked: None, found: Vec::new() }
    }

    /// Returns the names of a module. None has a path that is longer than those that are followed.
    fn module(&self, path: &str) -> Option<&'a Scope> {
        self.note(path);
        self.names.modules.get(path)
    }

    fn note(&self, asked: &str) {
        if let Some(noted) = self.asked.filter(|_| asked.len() <= LONGEST_PATH) {
            noted.borrow_mut().insert(asked.to_owned());
        }
    }

    /// Follows a path as it is written in a module.
    fn written(&mut self, path: &str, module: &str) {
        if self.left == 0 {
            return self.found.push(Origin::Unknown(path.to_owned()));
        }
        #[cfg(test)]
        crate::gate::work::add(path.len());
        self.left -= 1;
        if let Some(path) = path.strip_prefix("::") {
            return self.absolute(path);
        }
        match split_first(path) {
            ("crate" | "$crate", rest) => self.absolute(&join(root(module), rest)),
            ("self", rest) => self.absolute(&join(module, rest)),
            ("super", rest) => {
                let (mut parent, mut rest) = (module.rsplit_once("::").map_or(module, |(parent, _)| parent), rest);
                while let ("super", further) = split_first(rest) {
                    (parent, rest) = (parent.rsplit_once("::").map_or(parent, |(parent, _)| parent), further);
                }
                self.absolute(&join(parent, rest));
            }
            (first, rest) => {
                if self.name(module, first, rest) {
                    return;
                }
                let globs = self.module(module).is_some_and(|scope| !scope.globs.is_empty());
                // A name alone that the module does not have, or that one of its globs may bring, or a macro or `include!`.
                let is_type = first.starts_with(char::is_uppercase);
                if !self.is_crate(first) && (rest.is_empty() || globs || is_type) {
                    self.found.push(Origin::Unknown(path.to_owned()));
                } else {
                    self.absolute(path);
                }
            }
        }
    }

    fn is_crate(&self, name: &str) -> bool {
        self.note(name);
        matches!(name, "std" | "core" | "alloc")
            || self.names.roots.contains(name)
            || self.watched.iter().any(|watched| watched.crates.contains(&name))
    }

    /// Follows a name of a module, if the module has it.
    fn name(&mut self, module: &str, name: &str, rest: &str) -> bool {
        let Some(scope) = self.module(module) else { return false };
        if let Some(meanings) = scope.names.get(name) {
            for meaning in meanings {
                match meaning {
                    Meaning::Item => self.found.push(Origin::Item(join(&join(module, name), rest))),
                    Meaning::Module => {
                        self.absolute_from(&join(&join(module, name), rest), module.len() + 2 + name.len())
                    }
                    // `use chrono;` and `use time::Date as time;` name a crate, since a name is not its own meaning.
                    Meaning::Alias(path) if split_first(path).0 == name => self.absolute(&join(path, rest)),
                    Meaning::Alias(path) => self.written(&join(path, rest), module),
                }
            }
            return true;
        }
        self.globs(&scope.globs, module, name, rest)
    }

    /// Follows a name into each module whose names are all imported; returns whether one is seen to have it.
    fn globs(&mut self, globs: &[String], module: &str, name: &str, rest: &str) -> bool {
        let mut found = false;
        for glob in if self.through_globs { globs } else { &[] } {
            found |= self.glob(glob, module, name, rest);
        }
        found
    }

    /// Follows a name into a module whose names are all imported, if it is seen to be there.
    fn glob(&mut self, glob: &str, module: &str, name: &str, rest: &str) -> bool {
        if self.left == 0 {
            return false;
        }
        let mut targets = Search { left: self.left - 1, through_globs: false, found: Vec::new(), ..*self };
        targets.written(glob, module);
        self.left = targets.left;
        let mut found = false;
        for target in targets.found {
            match target {
                Origin::Crate(path) if self.watched.iter().any(|watched| watched.is_begun_by(&path, name)) => {
                    self.found.push(Origin::Crate(join(&join(&path, name), rest)));
                    found = true;
                }
                Origin::Item(path) | Origin::Unknown(path) if path != module => {
                    found |= self.name(&path, name, rest);
                }
                Origin::Crate(_) | Origin::Item(_) | Origin::Unknown(_) => {}
            }
        }
        found
    }

    /// Follows a path that begins with a crate.
    fn absolute(&mut self, path: &str) {
        self.absolute_from(path, 0);
    }

    /// The same, where the module that ends at `from` was already asked for the next name.
    fn absolute_from(&mut self, path: &str, from: usize) {
        if self.left == 0 {
            return self.found.push(Origin::Unknown(path.to_owned()));
        }
        #[cfg(test)]
        crate::gate::work::add(path.len());
        self.left -= 1;
        let mut ends = path.match_indices("::").map(|(at, _)| at).filter(|at| *at >= from);
        let known = ends.find(|end| path.get(..*end).is_some_and(|module| self.module(module).is_some()));
        if let Some(end) = known {
            let (module, rest) = path.split_at(end);
            let (name, rest) = split_first(rest.trim_start_matches("::"));
            if self.name(module, name, rest) {
                return;
            }
            return self.found.push(Origin::Unknown(path.to_owned()));
        }
        let path = path.to_owned();
        self.found.push(if self.names.roots.contains(root(&path)) {
            Origin::Unknown(path)
        } else {
            Origin::Crate(path)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::rust::watched::PATHS;

    fn alias(path: &str) -> Meaning {
        Meaning::Alias(path.to_owned())
    }

    type Module<'a> = (&'a str, &'a [(&'a str, Meaning)], &'a [&'a str]);

    fn names(modules: &[Module<'_>]) -> Names {
        let mut names = Names::default();
        names.add(modules.iter().map(|(module, known, globs)| {
            let mut scope = Scope { globs: globs.iter().map(|glob| (*glob).to_owned()).collect(), ..Scope::default() };
            for (name, meaning) in *known {
                scope.add((*name).to_owned(), meaning.clone());
                scope.handed_on.insert((*name).to_owned());
            }
            ((*module).to_owned(), scope)
        }));
        names
    }

    fn origin(names: &Names, path: &str, module: &str) -> Origin {
        let mut origins = names.origins_in_block(path, module, &[], PATHS);
        assert_eq!(origins.len(), 1, "{origins:?}");
        origins.remove(0)
    }

    #[test]
    fn path_is_followed_through_renames_modules_and_crates() {
        let names = names(&[
            ("app", &[("clock", Meaning::Module), ("now", Meaning::Item)], &[]),
            ("app::clock", &[("Wall", alias("std::time::SystemTime")), ("t", alias("std::time"))], &[]),
            ("app::user", &[("Later", alias("super::clock::Wall"))], &["crate::clock"]),
            ("other", &[("app_clock", alias("app::clock"))], &[]),
        ]);
        let wall = Origin::Crate("std::time::SystemTime::now".to_owned());
        assert_eq!(origin(&names, "Later::now", "app::user"), wall);
        assert_eq!(origin(&names, "Wall::now", "app::user"), wall);
        assert_eq!(origin(&names, "t::SystemTime::now", "app::user"), wall);
        assert_eq!(origin(&names, "app_clock::Wall::now", "other"), wall);
        assert_eq!(origin(&names, "::app::clock::Wall::now", "other"), wall);
        assert_eq!(origin(&names, "crate::now", "app::user"), Origin::Item("app::now".to_owned()));
    }

    #[test]
    fn glob_of_a_watched_crate_brings_its_watched_names_only() {
        let names = names(&[("app", &[], &["chrono::prelude", "other::prelude"])]);
        assert_eq!(origin(&names, "Utc::now", "app"), Origin::Crate("chrono::prelude::Utc::now".to_owned()));
        assert_eq!(origin(&names, "Foo::now", "app"), Origin::Unknown("Foo::now".to_owned()));
    }

    #[test]
    fn type_that_no_import_brings_is_no_crate() {
        let names = names(&[("app", &[("Own", Meaning::Item)], &[])]);
        assert_eq!(origin(&names, "Utc::now", "app"), Origin::Unknown("Utc::now".to_owned()));
        assert_eq!(origin(&names, "chrono::Utc::now", "app"), Origin::Crate("chrono::Utc::now".to_owned()));
        assert_eq!(origin(&names, "Own::now", "app"), Origin::Item("app::Own::now".to_owned()));
    }

    #[test]
    fn imports_in_a_circle_end() {
        let names = names(&[("a", &[("X", alias("b::X"))], &["b"]), ("b", &[("X", alias("a::X"))], &["a", "self"])]);
        assert!(
            names.origins_in_block("X::now", "a", &[], PATHS).iter().all(|origin| matches!(origin, Origin::Unknown(_)))
        );
        assert!(
            names.origins_in_block("Y::now", "a", &[], PATHS).iter().all(|origin| matches!(origin, Origin::Unknown(_)))
        );
    }
}
