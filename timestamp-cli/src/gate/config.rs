//! `timestamp-gate.toml`: the places where a project allows what the gate refuses, and what it bans by itself.
//!
//! Every entry says why it exists. Nothing is guessed: an unknown key, rule or value is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::gate::finding::words;
use crate::gate::position::Lines;
use crate::gate::refusal::{Refusal, suggestion};
use crate::gate::rule::{self, Rule};
use crate::gate::rust::watched::{self, Watched};

/// The name of the file.
pub(crate) const NAME: &str = "timestamp-gate.toml";

/// What a project decided.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The file, if there is one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) allowances: Vec<Allowance>,
    pub(crate) skips: Vec<Skip>,
    /// The project's own bans.
    pub(crate) bans: Vec<Watched>,
}

/// A place where something is allowed.
#[derive(Debug)]
pub(crate) struct Allowance {
    pub(crate) places: Places,
    /// A rule, all of a language (`rust/*`), or everything.
    pub(crate) rule: Option<String>,
    /// The function in which it is allowed, by its name or with its type: `now`, `Clock::now`.
    pub(crate) function: Option<String>,
    /// The line of the file at which the entry begins.
    pub(crate) line: usize,
}

/// Files that are not looked at.
#[derive(Debug)]
pub(crate) struct Skip {
    pub(crate) places: Places,
    pub(crate) line: usize,
}

/// Files, by a pattern relative to the folder of the configuration; a folder stands for all that is in it.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) pattern: String,
    file: GlobMatcher,
    within: GlobMatcher,
}

impl Places {
    fn new(pattern: &str) -> Result<Self, globset::Error> {
        let glob = |pattern: &str| Ok(GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher());
        let folder = pattern.trim_end_matches('/');
        Ok(Self { pattern: pattern.to_owned(), file: glob(folder)?, within: glob(&format!("{folder}/**"))? })
    }

    /// Whether a file is one of them; its path is relative to the folder of the configuration.
    pub(crate) fn have(&self, path: &Path) -> bool {
        self.file.is_match(path) || self.within.is_match(path)
    }
}

impl Allowance {
    /// Whether a rule may be broken there.
    pub(crate) fn covers(&self, path: &Path, rule: &Rule, function: Option<&str>) -> bool {
        let rule_fits = self.rule.as_deref().is_none_or(|allowed| {
            allowed == rule.id
                || allowed.strip_suffix("/*").is_some_and(|language| rule.id.split('/').next() == Some(language))
        });
        let function_fits = self.function.as_deref().is_none_or(|allowed| {
            function.is_some_and(|within| within == allowed || within.ends_with(&format!("::{allowed}")))
        });
        rule_fits && function_fits && self.places.have(path)
    }
}

impl Config {
    /// Returns the folder to which its patterns are relative.
    pub(crate) fn folder(&self) -> PathBuf {
        let folder = self.file.as_deref().and_then(Path::parent).map(Path::to_owned);
        folder.or_else(|| std::env::current_dir().ok()).unwrap_or_default()
    }

    /// Reads the file that lies nearest above the paths.
    ///
    /// # Errors
    ///
    /// The file can not be used, or the paths have two different ones.
    pub(crate) fn above(paths: &[PathBuf]) -> Result<Self, Refusal> {
        let mut found: Option<(PathBuf, &Path)> = None;
        for path in paths {
            let path = path.as_path();
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let absolute = absolute.canonicalize().unwrap_or(absolute);
            let Some(file) = absolute.ancestors().map(|folder| folder.join(NAME)).find(|file| file.is_file()) else {
                continue;
            };
            match &found {
                Some((known, of)) if *known != file => {
                    return Err(Refusal::unusable(
                        format!("{} and {} have two configurations", of.display(), path.display()),
                        format!("{} and {}", known.display(), file.display()),
                        "check them in two runs, or name one with `--config`",
                    ));
                }
                _ => found = Some((file, path)),
            }
        }
        found.map_or_else(|| Ok(Self::default()), |(file, _)| Self::read(&file))
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It can not be read, or says something that is not known.
    pub(crate) fn read(file: &Path) -> Result<Self, Refusal> {
        let what = format!("{} can not be used", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| {
            Refusal::unusable(&what, error.to_string(), "name a file that can be read, or pass `--no-config`")
        })?;
        let mut config = Self::parse(&text).map_err(|Wrong { at, why, help }| {
            let line = Lines::new(&text).position(at).line;
            Refusal::unusable(format!("{what} (line {line})"), why, help)
        })?;
        config.file = Some(file.canonicalize().unwrap_or_else(|_| file.to_owned()));
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let lines = Lines::new(text);
        let document = DeTable::parse(text).map_err(|error| Wrong {
            at: error.span().unwrap_or_default().start,
            why: error.message().to_owned(),
            help: "write TOML: https://toml.io".to_owned(),
        })?;
        let mut config = Self::default();
        // Bans first, since allowances may name their rules.
        let mut sections: Vec<_> = document.into_inner().into_iter().collect();
        sections.sort_by_key(|(name, _)| name.get_ref().as_ref() != "ban");
        for (name, entries) in sections {
            let known = KEYS.iter().find(|(section, _)| *section == name.get_ref().as_ref());
            let Some((section, keys)) = known else {
                let help = suggestion(name.get_ref(), KEYS.iter().map(|(section, _)| *section));
                return Err(Wrong {
                    at: name.span().start,
                    why: format!("unknown section `{}`", words(name.get_ref())),
                    help,
                });
            };
            let at = entries.span().start;
            let DeValue::Array(entries) = entries.into_inner() else {
                let why = format!("`{section}` is a list");
                return Err(Wrong { at, why, help: format!("write `[[{section}]]` above each entry") });
            };
            for entry in entries {
                let entry = Entry::read(section, keys, entry)?;
                let line = lines.position(entry.at).line;
                config.add(section, &entry, line)?;
            }
        }
        Ok(config)
    }

    fn add(&mut self, section: &str, entry: &Entry, line: usize) -> Result<(), Wrong> {
        entry.required("reason")?;
        match section {
            "allow" => {
                let rule = entry.get("rule").map(|rule| self.known_rule(rule)).transpose()?;
                let function = entry.get("function").map(known_function).transpose()?;
                self.allowances.push(Allowance { places: entry.places()?, rule, function, line });
            }
            "skip" => self.skips.push(Skip { places: entry.places()?, line }),
            _ => {
                let path = entry.required("path")?;
                let is_relative =
                    ["crate", "self", "super"].iter().any(|word| path.text.split("::").next() == Some(word));
                if !path.text.contains("::") || is_relative || path.text.split("::").any(|name| !is_name(name)) {
                    let why = format!("`{}` is no path that begins with a crate", words(&path.text));
                    return Err(Wrong {
                        at: path.at,
                        why,
                        help: "write it as in `std::time::Instant::now`".to_owned(),
                    });
                }
                let rule = Rule {
                    id: keep(format!("own/{}", path.text)),
                    reason: keep(entry.required("reason")?.text.clone()),
                    instead: keep(entry.required("instead")?.text.clone()),
                };
                self.bans.push(watched::own(&path.text, Box::leak(Box::new(rule))));
            }
        }
        Ok(())
    }

    fn known_rule(&self, rule: &Value) -> Result<String, Wrong> {
        let mut known: Vec<_> = rule::all().map(|rule| rule.id).collect();
        known.extend(["rust/*", "sql/*", "javascript/*", "own/*"]);
        known.extend(self.bans.iter().map(|ban| ban.rule.id));
        if known.contains(&rule.text.as_str()) {
            return Ok(rule.text.clone());
        }
        let why = format!("unknown rule `{}`", words(&rule.text));
        Err(Wrong { at: rule.at, why, help: suggestion(&rule.text, known) })
    }
}

/// The sections, and the keys of their entries.
const KEYS: &[(&str, &[&str])] = &[
    ("allow", &["path", "rule", "function", "reason"]),
    ("skip", &["path", "reason"]),
    ("ban", &["path", "reason", "instead"]),
];

/// What is wrong in the file, and where.
struct Wrong {
    at: usize,
    why: String,
    help: String,
}

struct Value {
    text: String,
    at: usize,
}

struct Entry {
    section: &'static str,
    values: BTreeMap<String, Value>,
    at: usize,
}

impl Entry {
    fn read(section: &'static str, keys: &[&str], entry: Spanned<DeValue<'_>>) -> Result<Self, Wrong> {
        let at = entry.span().start;
        let DeValue::Table(table) = entry.into_inner() else {
            let why = format!("an entry of `{section}` has keys");
            return Err(Wrong { at, why, help: format!("write `[[{section}]]`, and the keys below it") });
        };
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref().to_owned();
            if !keys.contains(&name.as_str()) {
                let why = format!("unknown key `{}` in `{section}`", words(&name));
                return Err(Wrong { at: key.span().start, why, help: suggestion(&name, keys.iter().copied()) });
            }
            let at = value.span().start;
            let DeValue::String(text) = value.into_inner() else {
                let why = format!("`{name}` is no text");
                return Err(Wrong { at, why, help: format!("write it in quotes: `{name} = \"..\"`") });
            };
            if text.trim().is_empty() {
                return Err(Wrong { at, why: format!("`{name}` is empty"), help: Self::what_for(section, &name) });
            }
            values.insert(name, Value { text: text.into_owned(), at });
        }
        Ok(Self { section, values, at })
    }

    fn what_for(section: &str, key: &str) -> String {
        match (section, key) {
            (_, "reason") => "say why, for whoever reads it in a year: `reason = \"..\"`",
            ("ban", "path") => "name what is banned: `path = \"std::time::Instant::now\"`",
            ("ban", "instead") => "say what to write: `instead = \"..\"`",
            (_, "path") => "name files, relative to this one: `path = \"src/clock.rs\"`",
            _ => "leave it out, or say something",
        }
        .to_owned()
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    fn required(&self, key: &str) -> Result<&Value, Wrong> {
        self.get(key).ok_or_else(|| Wrong {
            at: self.at,
            why: format!("an entry of `{}` has no `{key}`", self.section),
            help: Self::what_for(self.section, key),
        })
    }

    fn places(&self) -> Result<Places, Wrong> {
        let path = self.required("path")?;
        let wrong = |why: String| {
            Wrong {
            at: path.at,
            why,
            help: "name files, relative to this one, with `*` for a part of a name and `**` for folders: `path = \"src/**/clock.rs\"`".to_owned(),
        }
        };
        if Path::new(&path.text).is_absolute() || path.text.split('/').any(|part| part == "..") {
            return Err(wrong(format!("`{}` leads out of the project", words(&path.text))));
        }
        if path.text.contains('\\') || path.text.split('/').any(|part| part == ".") {
            return Err(wrong(format!("`{}` fits no file: `/` stands between folders, and no `.`", words(&path.text))));
        }
        Places::new(&path.text).map_err(|error| wrong(error.kind().to_string()))
    }
}

/// Returns a function's name as findings have it; anything else would allow nothing, and not say why.
fn known_function(function: &Value) -> Result<String, Wrong> {
    if function.text.split("::").all(is_name) {
        return Ok(function.text.clone());
    }
    let why = format!("`{}` is no name of a function", words(&function.text));
    let help = "write its name alone, or behind its type: `function = \"Clock::now\"`".to_owned();
    Err(Wrong { at: function.at, why, help })
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Keeps a text for as long as the program runs, which reads its configuration once.
fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match Config::parse(text) {
            Ok(config) => panic!("accepted: {config:?}"),
            Err(Wrong { at, why, help }) => format!("{}: {why}: {help}", Lines::new(text).position(at).line),
        }
    }

    #[test]
    fn places_are_files_patterns_and_folders() {
        for (pattern, path, has) in [
            ("src/clock.rs", "src/clock.rs", true),
            ("src/clock.rs", "src/clock.rs.bak", false),
            ("benches", "benches/a/b.rs", true),
            ("benches/", "benches/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/**/clock.rs", "src/a/b/clock.rs", true),
            ("**/tests", "a/tests/b.rs", true),
        ] {
            assert_eq!(Places::new(pattern).unwrap().have(Path::new(path)), has, "{pattern} {path}");
        }
    }

    #[test]
    fn allowance_covers_its_rule_and_function_only() {
        let config = Config::parse(
            "[[allow]]\npath = \"a.rs\"\nrule = \"rust/system-time\"\nfunction = \"now\"\nreason = \"the one clock\"",
        );
        let allowance = &config.ok().unwrap().allowances[0];
        let rule = |id| rule::all().find(|rule| rule.id == id).unwrap();
        let (path, clock) = (Path::new("a.rs"), rule("rust/system-time"));
        assert!(allowance.covers(path, clock, Some("now")));
        assert!(allowance.covers(path, clock, Some("Clock::now")));
        assert!(!allowance.covers(path, clock, Some("Clock::know")));
        assert!(!allowance.covers(path, clock, None));
        assert!(!allowance.covers(path, rule("rust/chrono-now"), Some("now")));
        assert!(!allowance.covers(Path::new("b.rs"), clock, Some("now")));
    }

    #[test]
    fn what_is_not_known_is_refused_with_a_suggestion() {
        for (text, words) in [
            ("\n[[alow]]\npath = 'a'", "2: unknown section `alow`: did you mean `allow`?"),
            ("[[allow]]\npth = 'a'", "2: unknown key `pth` in `allow`: did you mean `path`?"),
            (
                "[[allow]]\npath = 'a'\nreason = 'r'\nrule = 'rust/sistem-time'",
                "4: unknown rule `rust/sistem-time`: did you mean `rust/system-time`?",
            ),
            (
                "[[allow]]\npath = 'a'",
                "1: an entry of `allow` has no `reason`: say why, for whoever reads it in a year: `reason = \"..\"`",
            ),
            (
                "[[allow]]\npath = 'a'\nreason = ' '",
                "3: `reason` is empty: say why, for whoever reads it in a year: `reason = \"..\"`",
            ),
            (
                "[[allow]]\npath = 'a'\nreason = 'r'\nfunction = 'Clock.now()'",
                "4: `Clock.now()` is no name of a function: write its name alone, or behind its type: `function = \"Clock::now\"`",
            ),
            ("[[allow]]\npath = 1", "2: `path` is no text: write it in quotes: `path = \"..\"`"),
            ("[allow]\npath = 'a'", "1: `allow` is a list: write `[[allow]]` above each entry"),
            (
                "[[ban]]\npath = 'now'\nreason = 'r'\ninstead = 'i'",
                "2: `now` is no path that begins with a crate: write it as in `std::time::Instant::now`",
            ),
            (
                "[[ban]]\npath = 'a::b'\nreason = 'r'",
                "1: an entry of `ban` has no `instead`: say what to write: `instead = \"..\"`",
            ),
        ] {
            assert_eq!(refused(text), words);
        }
        assert!(refused("[[allow]]\npath = '../a'\nreason = 'r'").contains("leads out of the project"));
        for path in ["./a.rs", "src/./a.rs", "src\\a.rs"] {
            let text = format!("[[allow]]\npath = '{path}'\nreason = 'r'");
            assert!(refused(&text).contains("fits no file: `/` stands between folders"), "{path}");
        }
        let text = "[[ban]]\npath = 'crate::now'\nreason = 'r'\ninstead = 'i'";
        assert!(refused(text).contains("`crate::now` is no path that begins with a crate"));
        assert!(refused("[[allow]]\npath = 'a['\nreason = 'r'").starts_with("2: "));
        assert!(refused("[[allow").starts_with("1: "));
    }

    #[test]
    fn allowance_may_name_a_ban_of_the_project() {
        let text = "[[allow]]\npath='a'\nrule='own/std::time::Instant::now'\nreason='r'\n[[ban]]\npath='std::time::Instant::now'\nreason='r'\ninstead='i'";
        assert_eq!(Config::parse(text).ok().unwrap().bans[0].rule.instead, "i");
    }
}
