//! Promises that hold for any text, right or wrong.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::gate::work;

use super::{Finding, scan, scan_literal};

/// Pieces that tokenizers stumble over, beside those that rules are about.
const PIECES: &[&str] = &[
    "now()",
    "CURRENT_TIMESTAMP",
    "datetime('now')",
    "'",
    "''",
    "\"",
    "`",
    "$$",
    "$x$",
    "$",
    "/*",
    "*/",
    "/*!",
    "/*!50003 ",
    "--",
    "#",
    "\\",
    "\\echo",
    "\\.",
    "\n",
    "\r\n",
    "(",
    ")",
    "((((",
    ",",
    ";",
    "::",
    ":",
    ":=",
    ".",
    "..",
    "._",
    "[",
    "]",
    "{",
    "}",
    "{#",
    "#}",
    "%I",
    "?",
    "E'\\x",
    "U&'\\",
    "q'[",
    "N'",
    "X'",
    "0x",
    "1e",
    "1_",
    "@",
    "é",
    "𝒳",
    "\u{0}",
    " ",
    "timestamp",
    "timestamp(",
    "AT TIME ZONE",
    "::timestamp",
    "CAST(",
    " AS ",
    "CREATE TABLE t (",
    "CREATE TRIGGER t ",
    "CREATE FUNCTION f() RETURNS trigger AS $$",
    "BEGIN",
    "END",
    "END IF",
    "CASE",
    "DECLARE",
    "SELECT ",
    "UPDATE t SET ",
    "INSERT INTO t VALUES (",
    "WHERE ",
    "DEFAULT ",
    "updated_at",
    "=",
    "NEW.",
    "DELIMITER //\n",
    "DELIMITER $$\n",
    "COPY t FROM stdin;",
    "EXECUTE '",
    "DO $$",
    "strftime('%s'",
    "'2024-01-15'",
    "GO",
];

/// Every place of a finding can be shown, and stands in the text.
fn assert_places(text: &str, findings: &[Finding]) {
    for finding in findings {
        assert!(text.get(finding.at.clone()).is_some(), "{finding:?} in {text:?}");
        assert!(finding.at.start < finding.at.end, "{finding:?} in {text:?}");
    }
}

fn check(text: &str) {
    let mut findings = Vec::new();
    if let Err(unreadable) = scan(text, &mut findings) {
        assert!(text.is_char_boundary(unreadable.at), "{unreadable:?} in {text:?}");
    }
    assert_places(text, &findings);
    let mut findings = Vec::new();
    scan_literal(text, &|at| at, &mut findings);
    assert_places(text, &findings);
}

/// Files of the corpus, cut at any place and put together.
fn corpus() -> Vec<String> {
    let mut texts = Vec::new();
    for rule in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/sql")).unwrap() {
        for file in std::fs::read_dir(rule.unwrap().path()).unwrap() {
            texts.push(std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    texts
}

fn ids(text: &str) -> Vec<&'static str> {
    let mut findings = Vec::new();
    scan_literal(text, &|at| at, &mut findings);
    findings.into_iter().map(|finding| finding.rule.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_pieces_are_read_without_a_panic(pieces in vec(prop::sample::select(PIECES), 0..40)) {
        check(&pieces.concat());
        check(&format!("SELECT {}", pieces.join(" ")));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,80}", words in "[a-z'$;()/*: -]{0,80}") {
        check(&format!("SELECT now(), {text} {words}"));
    }

    #[test]
    fn spliced_files_are_read_without_a_panic(cuts in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..400_usize), 1..6)) {
        let corpus = corpus();
        let mut spliced = String::new();
        for (file, from, length) in cuts {
            let text = file.get(&corpus);
            let from = from.index(text.len());
            spliced.extend(text.chars().skip(from).take(length));
        }
        check(&spliced);
    }
}

#[test]
fn literals_that_are_sql_are_told_from_english() {
    for sql in [
        "SELECT now()",
        "select id from tasks t where t.at < now() and t.done",
        "  -- old ones\n DELETE FROM {table} WHERE at < now() - interval '1 day'",
        "DELETE FROM tasks AS t WHERE at < now()",
        "UPDATE {schema}.{table} SET at = now() WHERE id = ?1",
        "UPDATE `tasks` t SET t.at = NOW()",
        "INSERT INTO tasks_{} (id, at) VALUES ({}, now())",
        "INSERT OR REPLACE INTO tasks VALUES (?, datetime('now'))",
        "WITH late(id) AS (SELECT id FROM tasks WHERE at < now()) SELECT count(*) FROM late",
        "EXPLAIN (ANALYZE) SELECT * FROM tasks WHERE at < now()",
        "BEGIN; UPDATE tasks SET at = now(); COMMIT",
        "SELECT CASE WHEN at < now() THEN 1 ELSE 0 END late FROM tasks",
        "SELECT now() AS \"now\", 1",
        "SELECT EXTRACT(EPOCH FROM now()) * 1000",
        " WHERE expires_at < now()",
        "{query} WHERE expires_at < now()",
        "CALL expire(now())",
        " AND at >= CURRENT_DATE ORDER BY at",
        "SET at = now()",
        "updated_at = now()",
        " t.at = CURRENT_TIMESTAMP WHERE id = $1",
        ", \"at\" = NOW()",
        "{column} = now()",
        "expires_at < now() - INTERVAL '1 day'",
        "ON CONFLICT (id) DO UPDATE SET at = now()",
        "ON DUPLICATE KEY UPDATE at = now()",
    ] {
        assert_eq!(ids(sql), ["sql/now"], "{sql}");
    }
    assert_eq!(ids("CREATE TABLE IF NOT EXISTS {table} (at TIMESTAMP)"), ["sql/naive-type"]);
    assert_eq!(ids("ALTER TABLE tasks ADD COLUMN at DATETIME"), ["sql/naive-type"]);
    assert_eq!(ids("ADD COLUMN at DATETIME DEFAULT now()"), ["sql/naive-type", "sql/default"]);
    for english in [
        "Update now() and then",
        "Update the clock, then set now() as its start",
        "select a timestamp",
        "Select now() to continue",
        "Select CURRENT_DATE when asked for a day",
        "Select from the list and now() is used",
        "Select one of now(), today() or never.",
        "Insert into the field now() or later",
        "Insert now() into the field",
        "Delete from the list whatever now() says",
        "Delete everything older than now()",
        "Create table timestamps now()",
        "Create a TIMESTAMP column with now() as default",
        "Alter the default of now()",
        "with now() as the clock",
        "With this, CURRENT_TIMESTAMP is refused",
        "Where now() is called",
        "and now() is banned",
        "or CURRENT_TIMESTAMP",
        "set the time with now()",
        "Replace `now()` with a parameter",
        "Values from now() on",
        "Explain why now() is slow",
        "do not call now()",
        "Declare it TIMESTAMP, now()",
        "Call now() at start",
        "Call now()",
        "Call now() (or later)",
        "DEFAULT now()",
        "now()",
        "add column created timestamps now()",
        "set at = now() by hand",
        "at = now() by hand",
        "at = now() is refused",
        "let at = now()",
        "at = now",
        "at == now().ms()",
        "on conflict now() counts",
        "{at} now()",
    ] {
        assert_eq!(ids(english), [""; 0], "{english}");
    }
}

/// How much is done to check a text: bytes cut into tokens, and looks at tokens.
fn work(text: &str) -> usize {
    work::take();
    check(text);
    work::take()
}

#[test]
fn twice_the_text_takes_twice_the_work() {
    let repeated = [
        "(",
        "date(",
        "CAST('2024-01-15' AS ",
        "/*!",
        "/* ",
        "'",
        "\"",
        "$a$ ",
        "now() AT TIME ZONE ",
        "CASE ",
        "BEGIN ",
        "SELECT (",
        "{# ",
        "EXECUTE 'SELECT ",
        "DO $$ ",
        "\\echo '\n",
        "a.",
        "{a}",
        "x::timestamp",
        "DEFAULT (",
        "E'\\",
        "q'[ ",
        "#",
        "--\n",
        "; ",
        "; UPDATE t SET ",
        "; CREATE ",
        "WITH a (b, ",
        "EXPLAIN ",
        "INSERT INTO ",
        "; CREATE TABLE t (",
    ];
    for piece in repeated {
        for head in ["SELECT now(), ", "CREATE FUNCTION f() RETURNS trigger AS ", "CREATE TABLE t (a timestamp "] {
            let text = |count: usize| format!("{head}{}", piece.repeat(count));
            let (once, twice) = (work(&text(2_000)), work(&text(4_000)));
            assert!(twice < once * 3, "{once} and {twice} for {head}{piece}");
        }
    }
}

/// Each line opens a quote of its own that ends nowhere; reading goes on after the first few only.
#[test]
fn many_open_quotes_do_not_cost_a_reading_each() {
    let text: String = (0..2_000).map(|tag| format!("SELECT now() $a{tag}$\n")).collect();
    assert!(work(&text) < 100 * text.len());
}
