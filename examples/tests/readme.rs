//! The README's first program is `examples/quickstart.rs`, and stays as short as it claims to be.

const README: &str = include_str!("../../README.md");
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
fn quickstart_is_at_most_26_lines() {
    let lines: Vec<&str> = program().lines().map(str::trim).collect();
    let lines = lines.iter().filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    assert!(lines <= 26, "{lines} lines without blanks and comments");
    assert!(program().lines().all(|line| line.len() <= 120), "no line that is two");
}
