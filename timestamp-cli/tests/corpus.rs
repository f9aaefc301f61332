//! How much of what is planted in `tests/corpus` the gate finds, and what it finds that is right.
//!
//! A comment such as `//~ rust/system-time` or `--~ sql/now` says which rules its line breaks, once for each finding;
//! `//~^` speaks of the line above, `//~^^` of the one before that. Each file with such comments has a twin,
//! `name.clean.ext`, which does the same rightly. What the gate is known not to find stands under `known_limits`, marked
//! alike.

#![expect(clippy::unwrap_used, reason = "a corpus that can not be read is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What must be planted at least, by the folder of the language.
const PLANTED: &[(&str, usize)] = &[("javascript", 30), ("rust", 150), ("sql", 200)];

/// How often rules are broken, by line.
type Broken = BTreeMap<(usize, String), usize>;

struct File {
    path: PathBuf,
    text: String,
    planted: Broken,
    found: Broken,
}

impl File {
    fn is_in(&self, folder: &str) -> bool {
        self.path.iter().any(|part| part == folder)
    }

    fn is_clean_twin(&self) -> bool {
        self.path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with(".clean"))
    }

    fn twin(&self) -> PathBuf {
        let extension = self.path.extension().unwrap_or_default().to_string_lossy().into_owned();
        self.path.with_extension(format!("clean.{extension}"))
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Reads the corpus, and has the gate check it.
fn files() -> Vec<File> {
    let output = Command::new(env!("CARGO_BIN_EXE_timestamp"))
        .args(["gate", "--format", "json", "--no-config", "."])
        .current_dir(corpus())
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)));
    let mut found: BTreeMap<PathBuf, Broken> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
        let rule = finding["rule"].as_str().unwrap().to_owned();
        let file = found.entry(finding["path"].as_str().unwrap().into()).or_default();
        *file.entry((line, rule)).or_default() += 1;
    }
    let mut paths = Vec::new();
    list(&corpus(), &mut paths);
    assert!(!paths.is_empty(), "there is no corpus");
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(corpus()).unwrap().to_owned();
            File { planted: planted(&text), found: found.remove(&path).unwrap_or_default(), path, text }
        })
        .collect()
}

fn list(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, paths);
        } else {
            paths.push(path);
        }
    }
    paths.sort();
}

/// Reads the comments that say which rules are broken.
fn planted(text: &str) -> Broken {
    let mut planted = Broken::new();
    for (line, code) in (1..).zip(text.lines()) {
        let Some(comment) =
            ["//~", "--~"].iter().filter_map(|mark| code.split_once(mark)).map(|(_, comment)| comment).next()
        else {
            continue;
        };
        let rules = comment.trim_start_matches('^');
        let above = comment.len() - rules.len();
        for rule in rules.split_whitespace().filter(|rule| rule.contains('/')) {
            *planted.entry((line - above, rule.to_owned())).or_default() += 1;
        }
    }
    planted
}

/// What is in `left` and not in `right`, as lines of a message.
fn difference(file: &File, left: &Broken, right: &Broken) -> Vec<String> {
    let mut lines = Vec::new();
    for ((line, rule), count) in left {
        for _ in right.get(&(*line, rule.clone())).copied().unwrap_or_default()..*count {
            let code = file.text.lines().nth(line - 1).unwrap_or_default().trim();
            lines.push(format!("{}:{line} {rule}: {code}", file.path.display()));
        }
    }
    lines
}

#[test]
fn every_planted_violation_is_found_and_nothing_else() {
    let files = files();
    let (mut missed, mut false_alarms) = (Vec::new(), Vec::new());
    for (language, least) in PLANTED {
        let mut planted = 0;
        let before = (missed.len(), false_alarms.len());
        for file in files.iter().filter(|file| file.path.starts_with(language) && !file.is_in("known_limits")) {
            planted += file.planted.values().sum::<usize>();
            missed.extend(difference(file, &file.planted, &file.found));
            false_alarms.extend(difference(file, &file.found, &file.planted));
        }
        let (missed, false_alarms) = (missed.len() - before.0, false_alarms.len() - before.1);
        println!(
            "{language}: {planted} planted, {} found, {missed} missed, {false_alarms} false alarms",
            planted - missed
        );
        assert!(planted >= *least, "{language}: only {planted} of {least} are planted");
    }
    let wrong = missed.len() + false_alarms.len();
    let (missed, false_alarms) = (missed.join("\n"), false_alarms.join("\n"));
    assert_eq!(wrong, 0, "\nmissed:\n{missed}\nfound where nothing is planted:\n{false_alarms}");
}

#[test]
fn each_file_with_violations_has_a_clean_twin() {
    let files = files();
    for file in files.iter().filter(|file| !file.is_in("known_limits")) {
        if file.is_clean_twin() {
            assert!(file.planted.is_empty(), "{} is a clean twin, and has violations", file.path.display());
        } else {
            assert!(!file.planted.is_empty(), "{} has no violation", file.path.display());
            let twin = files.iter().find(|other| other.path == file.twin());
            assert!(twin.is_some(), "{} is missing", file.twin().display());
        }
    }
}

/// A folder is named after a rule, and holds violations of it: so no rule is without them, and none is misspelled.
#[test]
fn each_folder_holds_violations_of_the_rule_it_is_named_after() {
    for file in files().iter().filter(|file| !file.is_in("known_limits") && !file.is_clean_twin()) {
        let rule = file.path.parent().unwrap().to_string_lossy().replace('\\', "/");
        assert!(file.planted.keys().any(|(_, planted)| *planted == rule), "{} breaks no {rule}", file.path.display());
    }
}

/// The documentation lists these files, and would be wrong about one that is found after all.
#[test]
fn known_limits_are_still_limits() {
    let files = files();
    let limits: Vec<_> = files.iter().filter(|file| file.is_in("known_limits")).collect();
    for file in limits {
        assert!(!file.planted.is_empty(), "{} says no rule that it breaks", file.path.display());
        let found: Vec<_> = file.found.keys().collect();
        assert!(found.is_empty(), "{}: {found:?} is found now: move it to its rule's folder", file.path.display());
    }
}
