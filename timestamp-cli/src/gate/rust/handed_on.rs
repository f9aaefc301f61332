//! The names by which files hand on to each other what is watched.
//!
//! A file that is read may hand on something watched by another name, and so has other files read, which may do the same.
//! So that a long chain of them takes no more than its length, each `pub use` is followed once, and again only where a
//! module that was asked for on its way has more names.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::gate::rust::names::{Names, Origin, Scope, root};
use crate::gate::rust::watched::Watched;

/// What files hand on.
#[derive(Debug, Default)]
pub(crate) struct HandedOn {
    exports: Vec<Export>,
    /// The exports that are to be followed, by their place.
    due: BTreeSet<usize>,
    /// The exports on whose way a module or a crate was asked for.
    waiting: HashMap<String, HashSet<usize>>,
    /// The crates of all modules.
    crates: HashSet<String>,
    /// What was told already.
    told: HashSet<String>,
}

#[derive(Debug)]
struct Export {
    module: Arc<str>,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Name(String),
    /// All names of this module, as it was written.
    Glob(String),
}

impl HandedOn {
    /// Adds what a module hands on, and has followed anew what asked for the module.
    pub(crate) fn add(&mut self, module: &str, scope: &Scope) {
        self.wake(module);
        // The first module of a crate says that the crate is among the files.
        if self.crates.insert(root(module).to_owned()) {
            self.wake(root(module));
        }
        let module: Arc<str> = module.into();
        let names = scope.handed_on.iter().cloned().map(What::Name);
        for what in names.chain(scope.globs_handed_on.iter().cloned().map(What::Glob)) {
            self.due.insert(self.exports.len());
            self.exports.push(Export { module: Arc::clone(&module), what });
        }
    }

    fn wake(&mut self, asked: &str) {
        self.due.extend(self.waiting.remove(asked).into_iter().flatten());
    }

    /// Returns the names that were not told yet and stand for something watched.
    ///
    /// Crates that keep their name are none: a file that names one is read for it.
    pub(crate) fn new_names(&mut self, names: &Names, watched: &[Watched]) -> Vec<String> {
        let mut new = Vec::new();
        for index in std::mem::take(&mut self.due) {
            let Some(Export { module, what }) = self.exports.get(index) else { continue };
            let asked = RefCell::default();
            let brought = match what {
                What::Name(name) if self.told.contains(name) || watched.iter().any(|w| w.comes_from(name)) => continue,
                What::Name(name) => {
                    let origins = names.origins_asking(name, module, watched, &asked);
                    let leads = origins.iter().any(|origin| {
                        matches!(origin, Origin::Crate(path) if watched.iter().any(|watched| leads_to(path, watched)))
                    });
                    if leads { vec![name.as_str()] } else { Vec::new() }
                }
                What::Glob(glob) => {
                    let origins = names.origins_asking(glob, module, watched, &asked);
                    let crates = origins.iter().filter_map(|origin| match origin {
                        Origin::Crate(path) => Some(path),
                        Origin::Item(_) | Origin::Unknown(_) => None,
                    });
                    crates.flat_map(|path| watched.iter().filter_map(|watched| watched.brought_by(path))).collect()
                }
            };
            for name in brought {
                if self.told.insert(name.to_owned()) {
                    new.push(name.to_owned());
                }
            }
            for module in asked.into_inner() {
                self.waiting.entry(module).or_default().insert(index);
            }
        }
        new
    }
}

/// Whether a path is watched, or the type of one that is, or a crate whose paths are told only by it.
fn leads_to(path: &str, watched: &Watched) -> bool {
    let first = watched.end.split("::").next().unwrap_or_default();
    let named = |end: &str| {
        path.strip_suffix(end)
            .and_then(|before| before.strip_suffix("::"))
            .is_some_and(|before| before.split("::").any(|segment| watched.crates.contains(&segment)))
    };
    named(watched.end) || named(first) || !watched.distinctive && watched.crates.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::rust::names::Meaning;
    use crate::gate::rust::watched::PATHS;
    use crate::gate::work;

    /// A module that hands on these names, for these paths.
    fn handing_on(names: &[(&str, &str)]) -> Scope {
        let mut scope = Scope::default();
        for (name, path) in names {
            scope.add((*name).to_owned(), Meaning::Alias((*path).to_owned()));
            scope.handed_on.insert((*name).to_owned());
        }
        scope
    }

    fn add(handed_on: &mut HandedOn, names: &mut Names, module: &str, scope: Scope) {
        handed_on.add(module, &scope);
        names.add([(module.to_owned(), scope)]);
    }

    fn told(handed_on: &mut HandedOn, names: &Names) -> Vec<String> {
        let mut told = handed_on.new_names(names, PATHS);
        told.sort();
        told
    }

    #[test]
    fn handed_on_names_are_those_that_lead_to_something_watched() {
        let (mut handed_on, mut names) = (HandedOn::default(), Names::default());
        let mut scope = handing_on(&[
            ("Wall", "std::time::SystemTime"),
            ("Tick", "std::time::Instant"),
            ("j", "jiff"),
            ("jiff", "jiff"),
        ]);
        scope.add("Mine".to_owned(), Meaning::Item);
        scope.handed_on.insert("Mine".to_owned());
        add(&mut handed_on, &mut names, "app", scope);
        assert_eq!(told(&mut handed_on, &names), ["Wall", "j"]);
        assert_eq!(told(&mut handed_on, &names), [""; 0]);
    }

    #[test]
    fn name_is_told_once_the_module_it_comes_through_is_known() {
        let (mut handed_on, mut names) = (HandedOn::default(), Names::default());
        add(&mut handed_on, &mut names, "app::user", handing_on(&[("Later", "crate::clock::Wall"), ("o", "other::c")]));
        assert_eq!(told(&mut handed_on, &names), [""; 0]);
        add(&mut handed_on, &mut names, "app::elsewhere", Scope::default());
        add(&mut handed_on, &mut names, "app::clock", handing_on(&[("Wall", "std::time::SystemTime")]));
        assert_eq!(told(&mut handed_on, &names), ["Later", "Wall"]);
        add(&mut handed_on, &mut names, "other", handing_on(&[("c", "libc")]));
        assert_eq!(told(&mut handed_on, &names), ["c", "o"]);
    }

    /// Steps that are taken for a chain of modules, each of which renames what the former hands on, beside many names
    /// that nobody knows.
    fn work_of_chain(length: usize) -> usize {
        let (mut handed_on, mut names) = (HandedOn::default(), Names::default());
        work::take();
        let mut before = "std::time::SystemTime".to_owned();
        for link in 0..length {
            let name = format!("Wall{link}");
            let mut scope = handing_on(&[(&name, &before)]);
            for other in 0..1_000 {
                scope.add(format!("Other{other}"), Meaning::Alias(format!("crate::unknown::Other{other}")));
                scope.handed_on.insert(format!("Other{other}"));
            }
            add(&mut handed_on, &mut names, &format!("app::f{link}"), scope);
            assert_eq!(told(&mut handed_on, &names), std::slice::from_ref(&name));
            before = format!("crate::f{link}::{name}");
        }
        work::take()
    }

    #[test]
    fn twice_the_chain_takes_twice_the_work() {
        let (once, twice) = (work_of_chain(20), work_of_chain(40));
        assert!(twice < once * 5 / 2, "{once} and {twice}");
    }
}
