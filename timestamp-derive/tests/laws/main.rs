//! What the compiler must refuse, and in which words.
//!
//! Each file below `tests/ui/` breaks one law, and its name says which. Its header says the law and what to write instead; the
//! `.stderr` beside it is the compiler's answer. Files in `tests/ui/pass/` show the right form where it is not obvious.
//!
//! After a change of the words, run `BLESS=1 TRYBUILD=overwrite cargo test -p timestamp-derive`, and read the difference as
//! a user would.

#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

use std::process::Command;

mod files;
mod misuse;

/// The compiler whose wording the snapshots hold. Others word their own part differently.
const SNAPSHOT_COMPILER: &str = "rustc 1.95.";

/// The one file that breaks more than one law.
const SEVERAL_MISTAKES: &str = "several_mistakes_are_reported_together";

#[test]
fn wrong_code_is_refused_in_our_words() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    if !version.starts_with(SNAPSHOT_COMPILER) {
        eprintln!("skipped: the snapshots hold the wording of {SNAPSHOT_COMPILER}x, and this is {}", version.trim());
        return;
    }
    let tests = trybuild::TestCases::new();
    for theme in files::THEMES.iter().filter(|theme| theme.of_crate == files::THIS_CRATE) {
        tests.compile_fail(format!("tests/ui/{}/*.rs", theme.folder));
    }
    tests.pass("tests/ui/pass/*.rs");
    // They run when this is dropped.
    drop(tests);
    if std::env::var_os("BLESS").is_some() {
        misuse::write_page();
    }
}

#[test]
fn every_answer_has_its_question() {
    for theme in files::folders() {
        for file in files::in_folder(files::THIS_CRATE, &theme, "stderr") {
            let source = file.with_extension("rs");
            assert!(source.exists(), "{} is left over: there is no {}", file.display(), source.display());
        }
    }
}

#[test]
fn every_theme_has_a_chapter() {
    let own = files::THEMES.iter().filter(|theme| theme.of_crate == files::THIS_CRATE);
    let mut chapters: Vec<_> = own.map(|theme| theme.folder.to_owned()).collect();
    chapters.push("pass".to_owned());
    chapters.sort();
    assert_eq!(files::folders(), chapters);
}

#[test]
fn every_passing_twin_has_its_refusal() {
    let cases = files::cases();
    for twin in files::in_folder(files::THIS_CRATE, "pass", "rs") {
        let name = twin.file_stem().unwrap().to_str().unwrap();
        assert!(cases.iter().any(|case| case.name == name), "ui/pass/{name}.rs is the twin of no refusal");
    }
}

#[test]
fn there_are_enough_laws_to_learn_from() {
    let count = files::cases().len();
    assert!(count >= 35, "only {count} compile-fail tests are left");
}

#[test]
fn one_mistake_is_one_error() {
    let several = [
        // Five mistakes on purpose.
        (SEVERAL_MISTAKES, 5),
        // The compiler adds that the methods are missing, before anybody can tell it not to.
        ("timestamped_is_not_implemented_by_hand", 2),
    ];
    for case in files::cases() {
        let expected = several.iter().find(|(name, _)| *name == case.name).map_or(1, |(_, count)| *count);
        let errors = case.answer.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, expected, "{}\n{}", case.name, case.answer);
    }
}

#[test]
fn attributes_page_holds_the_words_of_every_refusal() {
    let page = std::fs::read_to_string(files::crate_folder().join("../docs/attributes.md")).unwrap();
    let of_the_derive = |case: &&files::Case| case.theme != "promise" && case.name != SEVERAL_MISTAKES;
    for case in files::cases().iter().filter(of_the_derive) {
        for line in case.answer.lines().filter(|line| line.starts_with("error")) {
            let (_, words) = line.split_once(": ").unwrap();
            assert!(page.contains(words), "docs/attributes.md does not hold the words of {}:\n{words}", case.name);
        }
    }
}
