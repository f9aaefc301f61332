//! `docs/misuse.md` is made from the compile-fail tests; this keeps it so.
//!
//! To write it anew: `BLESS=1 cargo test -p timestamp-derive --test laws misuse`.

use std::fmt::Write as _;
use std::{env, fs};

use crate::files::{THEMES, cases_of, crate_folder, in_folder};

const INTRODUCTION: &str = "\
# What the compiler refuses

Each entry is a law, what to write instead of the code that breaks it, that code, and what the compiler answers. The page
is made from the compile-fail tests in `tests/ui/` of the crates, so every answer on it is a real one (rustc 1.95; other
versions word their own part differently). What the compiler can not refuse is caught when an entity is saved: see
`design.md`.

To find the entry of a message, search for its first line.
";

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    for theme in &THEMES {
        let cases = cases_of(theme);
        if cases.is_empty() {
            continue;
        }
        let twins: Vec<_> = in_folder(theme.of_crate, "pass", "rs")
            .into_iter()
            .map(|twin| (twin.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&twin).unwrap()))
            .collect();
        write!(page, "\n## {}\n\n{}\n", theme.title, theme.introduction).unwrap();
        for case in cases {
            let title = case.name.replace('_', " ");
            let (first, rest) = title.split_at(1);
            writeln!(page, "\n### {}{rest}\n", first.to_uppercase()).unwrap();
            writeln!(page, "Law: {}\n\nInstead: {}\n", case.law, case.instead).unwrap();
            writeln!(page, "```rust,compile_fail\n{}\n```\n", case.code.trim()).unwrap();
            writeln!(page, "```text\n{}\n```", case.answer.trim_end()).unwrap();
            if let Some((_, code)) = twins.iter().find(|(name, _)| *name == case.name) {
                writeln!(page, "\nThe right form:\n\n```rust\n{}\n```", code.trim()).unwrap();
            }
        }
    }
    page
}

/// Writes the page anew.
pub(crate) fn write_page() {
    fs::write(crate_folder().join("../docs/misuse.md"), page()).unwrap();
}

#[test]
fn misuse_page_shows_what_the_tests_show() {
    if env::var_os("BLESS").is_some() {
        write_page();
    }
    let written = fs::read_to_string(crate_folder().join("../docs/misuse.md")).unwrap_or_default();
    assert!(
        page() == written,
        "docs/misuse.md is out of date; write it anew: BLESS=1 cargo test -p timestamp-derive --test laws misuse"
    );
}
