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
    if let Err(unreadable) = scan_literal(text, &|at| at, &mut findings) {
        assert!(text.is_char_boundary(unreadable.at), "{unreadable:?} in {text:?}");
    }
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
    scan_literal(text, &|at| at, &mut findings).unwrap();
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
    let mut wrong = Vec::new();
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
        "RETURNING now()",
        "returning id, now() AS stored_at",
        "COALESCE(done_at, now())",
        "coalesce($1, now()) - interval '1 day'",
        "(now() + $1 * interval '1 day')",
        "now() - interval '30 days'",
        "NOW() + INTERVAL 1 DAY",
        "EXTRACT(EPOCH FROM now()) * 1000",
        "datetime('now')",
        "(strftime('%s', 'now') * 1000)",
        "unixepoch('now')",
        "updated_at = datetime('now')",
        "id = $1 AND expires_at > now()",
        "done = ?, updated_at = unixepoch()",
        "date(due) < CURRENT_DATE",
        "ORDER BY now() - created_at DESC, id",
        "GROUP BY date_trunc('day', now() - created_at)",
        "FROM tasks WHERE due < now()",
        "LEFT JOIN runs ON runs.at < now()",
        "UNION ALL SELECT now()",
        "NOT EXISTS (SELECT 1 FROM runs WHERE runs.at < now())",
        "CASE WHEN due < now() THEN 1 ELSE 0 END",
        "CHECK (due > now())",
        "DO UPDATE SET updated_at = now()",
        "at BETWEEN now() AND later",
        "SELECT id FROM tasks WHERE at BETWEEN now() AND $1 OR done",
        "Select id from tasks t where at < now()",
        "CREATE POLICY fresh ON tasks USING (due > now())",
    ] {
        wrong.extend((ids(sql) != ["sql/now"]).then_some(sql));
    }
    assert_eq!(wrong, [""; 0], "no SQL");
    assert_eq!(ids("CREATE TABLE IF NOT EXISTS {table} (at TIMESTAMP)"), ["sql/naive-type"]);
    assert_eq!(ids("ALTER TABLE tasks ADD COLUMN at DATETIME"), ["sql/naive-type"]);
    assert_eq!(ids("ADD COLUMN at DATETIME DEFAULT now()"), ["sql/naive-type", "sql/default"]);
    for columns in [
        "created_at TIMESTAMP",
        "created_at TIMESTAMP NOT NULL",
        "created_at timestamp(3) without time zone not null",
        "\"at\" timestamp NOT NULL",
        "at DATETIME NOT NULL CHECK (at > '2000-01-01')",
        "id BIGINT PRIMARY KEY, title varchar(80) NOT NULL, at TIMESTAMP",
        "ADD created_at TIMESTAMP",
        "created_at TIMESTAMP REFERENCES days (at),",
        "created_at TIMESTAMP COMMENT 'when' COLLATE x",
    ] {
        let expected: &[&str] = if columns.ends_with(',') { &[] } else { &["sql/naive-type"] };
        assert_eq!(ids(columns), expected, "{columns}");
    }
    for default in ["DEFAULT now()", "NOT NULL DEFAULT (datetime('now'))", "DEFAULT CURRENT_TIMESTAMP NOT NULL"] {
        assert_eq!(ids(default), ["sql/default"], "{default}");
    }
    assert_eq!(ids("created_at timestamptz not null default now()"), ["sql/default"]);
    assert_eq!(
        ids("updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
        ["sql/naive-type", "sql/default", "sql/default"]
    );
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
        "Default now()",
        "default now() or later",
        "now()",
        "CURRENT_TIMESTAMP",
        "Select now() or later",
        "select now() or later",
        "Select later, or now()",
        "select now() and see",
        "Select now() later",
        "Select CURRENT_DATE and CURRENT_TIME",
        "Returning now()",
        "returning now() to the caller",
        "returning now() first",
        "From now() on, where it matters",
        "from tasks that join now()",
        "order by now() and then",
        "now() - the time",
        "now() + 5",
        "foo(now(), x)",
        "time()",
        "date('Y-m-d')",
        "coalesce now() and later",
        "Coalesce takes now(), or the first",
        "case of now()",
        "the TIMESTAMP NOT NULL",
        "created_at timestamp",
        "missing timestamp not null",
        "a timestamp, an integer",
        "name Timestamp",
        "Unix timestamp",
        "Timestamp DATETIME",
        "timestamp: datetime",
        "not null now()",
        "start = time()",
        "start = Instant::now()",
        "start = Instant::now();",
        "x = foo() now",
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
        wrong.extend((!ids(english).is_empty()).then_some(english));
    }
    assert_eq!(wrong, [""; 0], "no English");
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
        "at = now() OR ",
        "b_c TIMESTAMP DEFAULT (1), ",
        "CHECK (",
    ];
    for piece in repeated {
        for head in [
            "SELECT now(), ",
            "CREATE FUNCTION f() RETURNS trigger AS ",
            "CREATE TABLE t (a timestamp ",
            "created_at TIMESTAMP DEFAULT ",
            "RETURNING now(), ",
        ] {
            let text = |count: usize| format!("{head}{}", piece.repeat(count));
            let (once, twice) = (work(&text(1_000)), work(&text(2_000)));
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

/// One text for each word, in which nothing is found without it.
const OF_WORDS: &[(&str, &str)] = &[
    ("now", "SELECT now()"),
    ("clock_timestamp", "SELECT clock_timestamp()"),
    ("statement_timestamp", "SELECT statement_timestamp()"),
    ("transaction_timestamp", "SELECT transaction_timestamp()"),
    ("timeofday", "SELECT timeofday()"),
    ("getdate", "SELECT GETDATE()"),
    ("getutcdate", "SELECT GETUTCDATE()"),
    ("sysdatetime", "SELECT SYSDATETIME()"),
    ("sysutcdatetime", "SELECT SYSUTCDATETIME()"),
    ("sysdatetimeoffset", "SELECT SYSDATETIMEOFFSET()"),
    ("utc_timestamp", "SELECT UTC_TIMESTAMP()"),
    ("utc_date", "SELECT UTC_DATE()"),
    ("utc_time", "SELECT UTC_TIME()"),
    ("curdate", "SELECT CURDATE()"),
    ("curtime", "SELECT CURTIME()"),
    ("current_timestamp", "SELECT CURRENT_TIMESTAMP"),
    ("current_date", "SELECT CURRENT_DATE"),
    ("current_time", "SELECT CURRENT_TIME"),
    ("localtime", "SELECT LOCALTIME"),
    ("localtimestamp", "SELECT LOCALTIMESTAMP"),
    ("systimestamp", "SELECT SYSTIMESTAMP FROM dual"),
    ("sysdate", "SELECT SYSDATE FROM dual"),
    ("current", "SELECT CURRENT DATE FROM sysibm.sysdummy1"),
    ("today", "SELECT 'today'::date"),
    ("yesterday", "SELECT 'yesterday'::date"),
    ("tomorrow", "SELECT 'tomorrow'::date"),
    ("date", "SELECT date()"),
    ("time", "SELECT time()"),
    ("julianday", "SELECT julianday()"),
    ("unixepoch", "SELECT unixepoch()"),
    ("strftime", "SELECT strftime('%s')"),
    ("timediff", "SELECT timediff('now', at) FROM tasks"),
    ("unix_timestamp", "SELECT UNIX_TIMESTAMP()"),
    ("from_unixtime", "SELECT FROM_UNIXTIME(at_ms / 1000) FROM tasks"),
    ("moddatetime", "CREATE TRIGGER t BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE PROCEDURE moddatetime(updated_at)"),
    ("to_timestamp", "SELECT to_timestamp(at, 'YYYY-MM-DD HH24:MI') FROM tasks"),
    ("datetime", "CREATE TABLE tasks (at DATETIME)"),
    ("timestamp", "CREATE TABLE tasks (at TIMESTAMP)"),
    ("datetime2", "CREATE TABLE tasks (at DATETIME2(3))"),
    ("smalldatetime", "CREATE TABLE tasks (at SMALLDATETIME)"),
    ("timestamp_ntz", "CREATE TABLE tasks (at TIMESTAMP_NTZ)"),
    ("timestampntz", "CREATE TABLE tasks (at TIMESTAMPNTZ)"),
    ("timestamptz", "SELECT timestamptz '2024-01-15 12:00'"),
    ("datetimeoffset", "SELECT CAST('2024-01-15 12:00' AS datetimeoffset)"),
    ("timestamp_tz", "SELECT CAST('2024-01-15 12:00' AS TIMESTAMP_TZ)"),
    ("timestamp_ltz", "SELECT CAST('2024-01-15 12:00' AS TIMESTAMP_LTZ)"),
    ("trigger", "CREATE TRIGGER t BEFORE UPDATE ON tasks BEGIN SET NEW.updated_at = later(); END"),
];

/// A word that is taken from the list turns its text silent, and one that is added needs a text.
#[test]
fn every_word_finds_something_in_a_file_and_in_a_literal_of_rust() {
    let filter = crate::gate::rust::Filter::new(crate::gate::rust::watched::PATHS).unwrap();
    for (word, text) in OF_WORDS {
        assert!(super::words::find(word).is_some(), "{word} is no word of the list");
        let mut findings = Vec::new();
        scan(text, &mut findings).unwrap();
        assert!(!findings.is_empty(), "{text}");
        assert!(!ids(text).is_empty(), "{text} in a literal");
        for case in [text.to_lowercase(), text.to_uppercase()] {
            let code = format!("const SQL: &str = {case:?};");
            assert!(filter.concerns(&code), "{code} is not read");
        }
    }
    for word in super::words::WORDS {
        assert!(
            OF_WORDS.iter().any(|(known, _)| *known == word.text),
            "{} needs a text in which it is found",
            word.text
        );
    }
}

/// What the corpus plants in SQL, each line as a literal of its own: whatever is found there has a word to look for.
#[test]
fn files_in_which_something_is_found_are_read() {
    let filter = crate::gate::rust::Filter::new(crate::gate::rust::watched::PATHS).unwrap();
    let mut count = 0;
    for text in corpus() {
        for line in text.lines() {
            let mut findings = Vec::new();
            let _ = scan_literal(line, &|at| at, &mut findings);
            if !findings.is_empty() {
                count += 1;
                let code = format!("const SQL: &str = {line:?};");
                assert!(filter.concerns(&code), "{code}");
            }
        }
    }
    assert!(count > 100, "only {count} lines");
}
