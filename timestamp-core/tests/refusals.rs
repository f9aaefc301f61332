//! What bad input gets from every parser: a place, a reason and a bounded excerpt, in linear time.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use proptest::prelude::*;
use timestamp_core::{Assume, EpochMs, Offset, ParseError, Suffix};

/// A parser that returns what it refuses, if it does.
type Parser = fn(&str) -> Option<ParseError>;

const PARSERS: [(&str, Parser); 5] = [
    ("parse", |text| text.parse::<EpochMs>().err()),
    ("parse_naive", |text| EpochMs::parse_naive(text, Assume::Utc).err()),
    ("parse_rfc9557", |text| EpochMs::parse_rfc9557(text, Suffix::Check).err()),
    ("parse_rfc9557 with Suffix::Refuse", |text| EpochMs::parse_rfc9557(text, Suffix::Refuse).err()),
    ("Offset", |text| text.parse::<Offset>().err()),
];

/// Texts that begin well, so that each part of the grammar is reached, and go on with anything.
fn texts() -> impl Strategy<Value = String> {
    let begin = prop_oneof![
        Just(""),
        Just("2026-01-31"),
        Just("2026-01-31 12:34:56"),
        Just("2026-01-31T12:34:56.789"),
        Just("2026-01-31T12:34:56Z"),
        Just("2026-01-31T12:34:56+01:00["),
        Just("2026-01-31T12:34:56+01:00[Europe/Paris]["),
        Just("2026-01-31T12:34:56+01:00[u-ca="),
    ];
    let rest = prop_oneof![any::<String>(), "[-0-9:.,TZ+\\[\\]!=a-z/_ ]{0,90}", "\\PC{60,200}"];
    (begin, rest).prop_map(|(begin, rest)| format!("{begin}{rest}"))
}

/// The excerpt of a message as the characters of the text that it shows.
fn shown(message: &str) -> usize {
    let end = message.rfind("\": ").max(message.rfind("\"..: ")).unwrap();
    let excerpt = &message[message.find('"').unwrap() + 1..end];
    let mut characters = excerpt.chars();
    let mut count = 0;
    while let Some(character) = characters.next() {
        count += 1;
        if character == '\\' && characters.next() == Some('u') {
            characters.by_ref().find(|it| *it == '}');
        }
    }
    count
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn every_refusal_says_where_and_shows_at_most_64_escaped_characters(text in texts()) {
        for (parser, refused) in PARSERS {
            let Some(error) = refused(&text) else { continue };
            prop_assert!(text.is_char_boundary(error.position()), "{}: {}", parser, error);
            let message = error.to_string();
            prop_assert!(message.starts_with(&format!("at byte {} of ", error.position())), "{}", message);
            prop_assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{:?}", message);
            prop_assert_eq!(shown(&message), text.chars().count().min(64), "{}: {}", parser, message);
        }
    }
}

#[test]
fn character_at_the_mistake_is_among_those_that_are_shown() {
    // Each place of a long text in turn.
    let digits = "0".repeat(200);
    for length in 0..200 {
        let text = format!("2026-01-31T12:34:56.{}~{}", &digits[..=length], &digits[length..]);
        let message = text.parse::<EpochMs>().unwrap_err().to_string();
        assert_eq!(message.matches('~').count(), 1, "{message}");
        assert_eq!(shown(&message), 64, "{message}");
    }
}

#[test]
fn refusal_is_one_pointer_and_its_debug_form_says_the_same() {
    let error = "2026".parse::<EpochMs>().unwrap_err();
    assert_eq!(size_of::<ParseError>(), size_of::<usize>());
    assert_eq!(error, error.clone());
    assert_eq!(format!("{error:?}"), format!("ParseError({:?})", error.to_string()));
}

/// If one of them took quadratic time, half a megabyte would take hours.
#[test]
fn huge_text_is_read_or_refused_in_linear_time() {
    const HUGE: usize = 500_000;
    for (begin, part, end) in [
        ("", "9", ""),
        ("", "\u{1f980}", ""),
        ("2026-01-31 12:34:56.", "7", ""),
        ("2026-01-31T12:34:56.", "7", "+01:00[!+01:00]"),
        ("2026-01-31T12:34:56Z", "[foo=bar]", ""),
        ("2026-01-31T12:34:56Z", "[u-ca=hebrew]", "[!u-ca=gregory]"),
        ("2026-01-31T12:34:56Z", "[", ""),
        ("2026-01-31T12:34:56Z[", "a/", "]"),
        ("2026-01-31T12:34:56Z[foo=", "a-", "b]"),
        ("2026-01-31T12:34:56Z[", "a", "=b]"),
    ] {
        let text = format!("{begin}{}{end}", part.repeat(HUGE / part.len()));
        for (_, refused) in PARSERS {
            if let Some(error) = refused(&text) {
                assert!(error.to_string().len() < 1000);
            }
        }
    }
    let fraction = "7".repeat(HUGE);
    let naive = EpochMs::parse_naive(&format!("1970-01-01 00:00:00.{fraction}"), Assume::Utc);
    assert_eq!(naive.map(EpochMs::as_millis), Ok(777));
    let tags = "[foo=bar]".repeat(HUGE / 9);
    assert_eq!(EpochMs::parse_rfc9557(&format!("1970-01-01T00:00:00Z{tags}"), Suffix::Check), Ok(EpochMs::UNIX_EPOCH));
}
