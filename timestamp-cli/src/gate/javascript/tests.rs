//! Promises that hold for any text, right or wrong.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::gate::work;

use super::{Finding, scan};

/// Pieces that a lexer stumbles over, beside those that rules are about.
const PIECES: &[&str] = &[
    "new Date(",
    "new Date",
    "Date.parse(",
    "moment(",
    "dayjs(",
    "DateTime.fromISO(",
    "JSON.stringify(",
    "fetch(",
    ".post(",
    ".toLocaleString(",
    ".getHours(",
    "'2024-01-15T12:00:00'",
    "\"2024-01-15 12:00\"",
    "T00:00:00`",
    "'",
    "\"",
    "`",
    "${",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    ",",
    "...",
    "?.",
    ".",
    "=>",
    "/",
    "//",
    "/*",
    "*/",
    "\\",
    "\n",
    "\r\n",
    "é",
    "𝒳",
    "\u{0}",
    "<p>Don't</p>",
    "return /'/",
    "+",
    "SELECT now()",
    "'SELECT now()'",
    "`SELECT ${id} FROM t WHERE at < now()`",
    "#!",
    "0x1_0n",
    "1..",
    "a",
];

fn check(text: &str) {
    let mut findings: Vec<Finding> = Vec::new();
    if let Err(unreadable) = scan(text, &mut findings) {
        assert!(text.is_char_boundary(unreadable.at), "{unreadable:?} in {text:?}");
    }
    for finding in findings {
        assert!(text.get(finding.at.clone()).is_some_and(|words| !words.is_empty()), "{finding:?} in {text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_pieces_are_read_without_a_panic(pieces in vec(prop::sample::select(PIECES), 0..40)) {
        check(&format!("new Date(); {}", pieces.concat()));
        check(&pieces.join(" "));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,80}", words in "[a-z'`${}()/*\\\\:. -]{0,80}") {
        check(&format!("new Date({text} {words}"));
    }
}

/// Some texts end in the middle of what they open, again and again; none of it is read to the end each time.
#[test]
fn twice_the_text_takes_twice_the_work() {
    for piece in [
        "`",
        "`${",
        "'",
        "\"",
        "/",
        "/*",
        "new Date(",
        "(",
        "{",
        "JSON.stringify({",
        "`${`",
        "return /",
        "\\",
        "'\\",
        "\"\\",
        "= /\\",
        "`\\",
        "}",
        "`${1}",
        "${",
        "'a' + ",
        ".toLocaleString(",
    ] {
        let work = |count: usize| {
            work::take();
            check(&format!("new Date(); {}", piece.repeat(count)));
            work::take()
        };
        let (once, twice) = (work(2_000), work(4_000));
        assert!(twice < once * 3, "{once} and {twice} for {piece}");
    }
}
