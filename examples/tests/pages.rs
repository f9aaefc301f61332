//! The README and the guide say what the code says.
#![expect(clippy::unwrap_used, reason = "clippy allows it in `#[test]` functions alone, not in what they call")]

const README: &str = include_str!("../../README.md");
const GUIDE: &str = include_str!("../../docs/guide.md");
const POSTGRES: &str = include_str!("../../docs/postgres.md");
const ERRORS: &str = include_str!("../../timestamp-repo/src/error.rs");
const QUICKSTART: &str = include_str!("../quickstart.rs");

/// The README's first block of Rust.
fn block() -> &'static str {
    let (_, rest) = README.split_once("```rust\n").unwrap();
    rest.split_once("```\n").unwrap().0
}

/// The example without the comment that begins it.
fn program() -> &'static str {
    &QUICKSTART[QUICKSTART.find("use ").unwrap()..]
}

#[test]
fn readme_shows_the_quickstart_that_runs() {
    assert_eq!(block(), program(), "copy examples/quickstart.rs into README.md, from its first `use` on");
}

#[test]
fn readme_shows_postgres_as_its_page_does() {
    let block = |page: &'static str| page.split_once("```rust,no_run\n").unwrap().1.split_once("```\n").unwrap().0;
    // The page's code is compiled as a test, and is about the quickstart's entity.
    let (entity, main) = block(POSTGRES).split_once("#[tokio::main]\n").unwrap();
    let (_, entity) = entity.split_once("#[derive").unwrap();
    assert!(program().contains(entity), "copy the entity of examples/quickstart.rs into docs/postgres.md");
    assert_eq!(block(README), format!("#[tokio::main]\n{main}"), "copy `main` of docs/postgres.md into README.md");
    assert_eq!(block(README).lines().count(), 10);
}

#[test]
fn quickstart_is_at_most_26_lines() {
    let lines: Vec<&str> = program().lines().map(str::trim).collect();
    let lines = lines.iter().filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    assert!(lines <= 26, "{lines} lines without blanks and comments");
    assert!(program().lines().all(|line| line.len() <= 120), "no line that is two");
}

#[test]
fn guide_says_what_to_do_about_every_save_error() {
    let (_, body) = ERRORS.split_once("pub enum SaveError {\n").unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants: Vec<&str> = variants
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap())
        .collect();
    assert!(variants.len() > 5, "{variants:?}");
    for variant in variants {
        let row = GUIDE.lines().any(|line| line.starts_with(&format!("| `{variant}")));
        assert!(row, "docs/guide.md has no row for SaveError::{variant}");
    }
}
