//! An instant, its arithmetic and its text, with the `time` library as the oracle.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::time::Duration as StdDuration;

use proptest::prelude::*;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime, UtcOffset};
use timestamp_core::{EpochMs, ParseError};

const LIMITS: std::ops::RangeInclusive<i64> = EpochMs::MIN.as_millis()..=EpochMs::MAX.as_millis();

fn at(text: &str) -> EpochMs {
    text.parse().unwrap_or_else(|error: ParseError| panic!("{text}: {error}"))
}

fn instants() -> impl Strategy<Value = EpochMs> {
    let near_a_limit = prop_oneof![
        Just(EpochMs::MIN.as_millis()),
        Just(EpochMs::MAX.as_millis()),
        Just(0),
        EpochMs::MIN.as_millis()..EpochMs::MIN.as_millis() + 200_000_000,
        EpochMs::MAX.as_millis() - 200_000_000..=EpochMs::MAX.as_millis(),
        -200_000_000..200_000_000_i64,
    ];
    prop_oneof![LIMITS, near_a_limit].prop_map(|millis| EpochMs::from_millis(millis).unwrap())
}

/// The text in which the oracle writes three digits at all times.
fn oracle_text(instant: EpochMs) -> String {
    let it = UtcDateTime::from_unix_timestamp_nanos(i128::from(instant.as_millis()) * 1_000_000).unwrap();
    let (date, time) = (it.date(), it.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn text_is_what_time_says(instant in instants()) {
        let text = instant.to_string();
        prop_assert_eq!(&text, &oracle_text(instant));
        prop_assert_eq!(&*instant.to_text(), &text);
        prop_assert_eq!(format!("{instant:?}"), text);
    }

    #[test]
    fn text_reads_back_as_the_same_instant(instant in instants()) {
        prop_assert_eq!(at(&instant.to_string()), instant);
    }

    #[test]
    fn texts_sort_as_instants_do(left in instants(), right in instants()) {
        prop_assert_eq!(left.cmp(&right), left.to_text().cmp(&right.to_text()));
    }

    #[test]
    fn text_that_time_writes_is_read(instant in instants(), minutes in -1439..=1439_i32, nanos in 0..1_000_000_u32) {
        let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
        let finer = UtcDateTime::from(instant) + time::Duration::nanoseconds(i64::from(nanos));
        let Some(shifted) = finer.checked_to_offset(offset) else { return Ok(()) };
        // An offset may carry the local date out of the four digits of a year; then there is no text to read.
        let Ok(text) = shifted.format(&Rfc3339) else { return Ok(()) };
        prop_assert_eq!(at(&text), instant, "{}", text);
        prop_assert_eq!(at(&text.to_lowercase()), instant, "{}", text);
    }

    #[test]
    fn text_of_the_grammar_is_read_as_time_reads_it(
        text in "[0-9]{4}-(0[0-9]|1[0-3])-([0-2][0-9]|3[0-2])[Tt](0[0-9]|1[0-9]|2[0-4]):[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-9]|2[0-4]):[0-6][0-9])",
    ) {
        let ours = text.parse::<EpochMs>();
        let oracle = OffsetDateTime::parse(&text, &Rfc3339)
            .ok()
            .and_then(|it| EpochMs::try_from(UtcDateTime::from(it)).ok());
        prop_assert_eq!(ours.clone().ok(), oracle, "{}: {:?}", text, ours);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
        if let Err(error) = text.parse::<EpochMs>() {
            prop_assert!(error.position() <= text.len());
            prop_assert!(text.is_char_boundary(error.position()));
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// One character of a good text is replaced: if it is still read, the oracle reads the same.
    #[test]
    fn damaged_text_is_read_only_as_time_reads_it(instant in instants(), place in 0..24_usize, with in any::<char>()) {
        let mut text: Vec<char> = instant.to_string().chars().collect();
        text[place] = with;
        let text: String = text.into_iter().collect();
        if let Ok(read) = text.parse::<EpochMs>() {
            let oracle = OffsetDateTime::parse(&text, &Rfc3339).unwrap();
            prop_assert_eq!(read, EpochMs::try_from(UtcDateTime::from(oracle)).unwrap(), "{}", text);
        } else {
            // `time` reads a leap second as the second before it, and anything between date and time.
            let leap = text.get(17..19) == Some("60");
            prop_assert!(leap || place == 10 || OffsetDateTime::parse(&text, &Rfc3339).is_err(), "{}", text);
        }
    }

    #[test]
    fn instants_go_through_time_and_back(instant in instants()) {
        let there = UtcDateTime::from(instant);
        prop_assert_eq!(there.unix_timestamp_nanos(), i128::from(instant.as_millis()) * 1_000_000);
        prop_assert_eq!(EpochMs::try_from(there), Ok(instant));
    }

    #[test]
    fn finer_instants_are_rounded_towards_the_past(instant in instants(), nanos in 0..1_000_000_i64) {
        let finer = UtcDateTime::from(instant) + time::Duration::nanoseconds(nanos);
        prop_assert_eq!(EpochMs::try_from(finer), Ok(instant));
    }

    #[test]
    fn arithmetic_is_that_of_milliseconds(instant in instants(), millis in 0..400_000_000_000_000_u64, nanos in 0..1_000_000_u32) {
        let by = StdDuration::from_millis(millis) + StdDuration::from_nanos(u64::from(nanos));
        let signed = i64::try_from(millis).unwrap();
        let (later, earlier) = (instant.as_millis() + signed, instant.as_millis() - signed);
        prop_assert_eq!(instant.checked_add(by), EpochMs::from_millis(later).ok());
        prop_assert_eq!(instant.checked_sub(by), EpochMs::from_millis(earlier).ok());
        prop_assert_eq!(instant.saturating_add(by).as_millis(), later.min(EpochMs::MAX.as_millis()));
        prop_assert_eq!(instant.saturating_sub(by).as_millis(), earlier.max(EpochMs::MIN.as_millis()));
    }

    #[test]
    fn durations_lead_from_one_instant_to_the_other(left in instants(), right in instants()) {
        let (earlier, later) = (left.min(right), left.max(right));
        let between = later.checked_duration_since(earlier).unwrap();
        prop_assert_eq!(earlier.checked_add(between), Some(later));
        prop_assert_eq!(later.saturating_duration_since(earlier), between);
        if earlier != later {
            prop_assert_eq!(earlier.checked_duration_since(later), None);
            prop_assert_eq!(earlier.saturating_duration_since(later), StdDuration::ZERO);
        }
    }

    #[test]
    fn serde_writes_and_reads_the_text(instant in instants()) {
        let json = serde_json::to_string(&instant).unwrap();
        prop_assert_eq!(&json, &format!("\"{instant}\""));
        prop_assert_eq!(serde_json::from_str::<EpochMs>(&json).unwrap(), instant);
        let owned = serde_json::Value::String(instant.to_string());
        prop_assert_eq!(serde_json::from_value::<EpochMs>(owned).unwrap(), instant);
    }
}

#[test]
fn every_day_of_the_calendar_is_written_and_read() {
    let mut instant = EpochMs::MIN;
    let mut days = 0;
    loop {
        assert_eq!(instant.to_string(), oracle_text(instant));
        assert_eq!(at(&instant.to_text()), instant);
        days += 1;
        match instant.checked_add(StdDuration::from_secs(86_400)) {
            Some(next) => instant = next,
            None => break,
        }
    }
    assert_eq!(days, 3_652_425);
}

#[test]
fn every_second_of_a_day_is_written_and_read() {
    for seconds in 0..86_400 {
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        // The first and the last millisecond of a second are where a part could be one off; each other one comes up too.
        for milli in [0, seconds % 1000, 999] {
            let millis = seconds * 1000 + milli;
            for day in [EpochMs::MIN.as_millis(), 0, EpochMs::MAX.as_millis() - 86_399_999] {
                let instant = EpochMs::from_millis(day + millis).unwrap();
                let text = instant.to_text();
                assert_eq!(text[10..], format!("T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"));
                assert_eq!(at(&text), instant);
            }
        }
    }
}

#[test]
fn limits_are_the_years_0000_and_9999() {
    assert_eq!(EpochMs::MIN.to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(EpochMs::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(EpochMs::UNIX_EPOCH.to_string(), "1970-01-01T00:00:00.000Z");
    assert_eq!(at("0000-01-01T00:00:00.000Z"), EpochMs::MIN);
    assert_eq!(at("9999-12-31T23:59:59.999Z"), EpochMs::MAX);
    for outside in [i64::MIN, EpochMs::MIN.as_millis() - 1, EpochMs::MAX.as_millis() + 1, i64::MAX] {
        let error = EpochMs::from_millis(outside).unwrap_err();
        assert_eq!(error.to_string(), "the instant lies outside the years 0000 to 9999");
    }
    for inside in [EpochMs::MIN, EpochMs::MAX] {
        assert_eq!(EpochMs::from_millis(inside.as_millis()), Ok(inside));
    }
    assert!(EpochMs::try_from(UtcDateTime::MIN).is_err());
    assert_eq!(EpochMs::MAX.checked_add(StdDuration::MAX), None);
    assert_eq!(EpochMs::MIN.saturating_add(StdDuration::MAX), EpochMs::MAX);
    assert_eq!(EpochMs::MAX.saturating_sub(StdDuration::MAX), EpochMs::MIN);
    assert_eq!(EpochMs::MAX.checked_add(StdDuration::from_micros(999)), Some(EpochMs::MAX));
    assert_eq!(EpochMs::MAX.checked_add(StdDuration::from_millis(1)), None);
    assert_eq!(EpochMs::MIN.checked_sub(StdDuration::from_millis(1)), None);
}

#[test]
fn texts_at_the_edges_mean_these_milliseconds() {
    let table = [
        ("1969-12-31T23:59:59.999Z", -1),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1969-12-31T23:59:59Z", -1000),
        ("2000-02-29T00:00:00Z", 951_782_400_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("2024-03-01T00:00:00Z", 1_709_251_200_000),
        ("1900-02-28T23:59:59.999Z", -2_203_891_200_001),
        ("0000-02-29T00:00:00Z", -62_162_121_600_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("2026-01-31T12:34:56.789Z", 1_769_862_896_789),
    ];
    for (text, millis) in table {
        assert_eq!(at(text).as_millis(), millis, "{text}");
    }
}

#[test]
fn every_spelling_of_rfc_3339_is_accepted() {
    let same = at("2026-01-31T12:34:56.780Z");
    for text in [
        "2026-01-31T12:34:56.78Z",
        "2026-01-31T12:34:56.7800000000000000000000000000000000Z",
        "2026-01-31t12:34:56.780z",
        "2026-01-31 12:34:56.780Z",
        "2026-01-31T12:34:56.780+00:00",
        "2026-01-31T12:34:56.780-00:00",
        "2026-01-31T14:34:56.780+02:00",
        "2026-02-01T12:33:56.780+23:59",
        "2026-01-30T12:35:56.780-23:59",
        "2026-01-31T07:04:56.780-05:30",
        "2026-01-31T12:34:56.780999999999Z",
    ] {
        assert_eq!(at(text), same, "{text}");
    }
    assert_eq!(at("2026-01-31T12:34:56Z"), at("2026-01-31T12:34:56.000Z"));
}

#[test]
fn fraction_finer_than_a_millisecond_is_rounded_towards_the_past_before_1970_too() {
    assert_eq!(at("1969-12-31T23:59:59.9999Z").as_millis(), -1);
    assert_eq!(at("1970-01-01T00:00:00.0009Z").as_millis(), 0);
    let before = UtcDateTime::from_unix_timestamp_nanos(-1).unwrap();
    assert_eq!(EpochMs::try_from(before).unwrap().as_millis(), -1);
}

#[test]
fn refused_text_says_what_is_wrong_and_where() {
    let table = [
        ("", 0, "the text ends, expected a year of four digits"),
        (" 2026-01-31T12:34:56Z", 0, "expected a year of four digits"),
        ("26-01-31T12:34:56Z", 2, "expected a year of four digits"),
        ("+12026-01-31T12:34:56Z", 0, "expected a year of four digits"),
        ("-0001-01-31T12:34:56Z", 0, "expected a year of four digits"),
        ("12026-01-31T12:34:56Z", 4, "expected `-` after the year"),
        ("2026/01/31T12:34:56Z", 4, "expected `-` after the year"),
        ("20260131T123456Z", 4, "expected `-` after the year"),
        ("2026", 4, "the text ends, expected `-` after the year"),
        ("2026-1-31T12:34:56Z", 6, "expected a month of two digits"),
        ("2026-00-31T12:34:56.789Z", 5, "the month must be 01 to 12"),
        ("2026-13-31T12:34:56.789Z", 5, "the month must be 01 to 12"),
        ("2026-01-00T12:34:56.789Z", 8, "the day must be 01 to 31"),
        ("2026-01-32T12:34:56.789Z", 8, "the day must be 01 to 31"),
        ("2026-04-31T12:34:56.789Z", 8, "the month does not have this day"),
        ("2026-02-29T12:34:56.789Z", 8, "the month does not have this day"),
        ("1900-02-29T12:34:56.789Z", 8, "the month does not have this day"),
        ("2000-02-30T12:34:56.789Z", 8, "the month does not have this day"),
        ("2026-01-31", 10, "the text ends, expected `T` after the date"),
        ("2026-01-31_12:34:56Z", 10, "expected `T` after the date"),
        ("2026-01-31T1:34:56Z", 12, "expected an hour of two digits"),
        ("2026-01-31T24:00:00.000Z", 11, "the hour must be 00 to 23"),
        ("2026-01-31T12Z", 13, "expected `:` after the hour"),
        ("2026-01-31T12:60:00.000Z", 14, "the minute must be 00 to 59"),
        ("2026-01-31T12:34Z", 16, "expected `:` after the minute"),
        (
            "2026-12-31T23:59:60Z",
            17,
            "second 60 is a leap second, which epoch milliseconds do not have; the last second of a minute is 59",
        ),
        (
            "2016-12-31T23:59:60.000Z",
            17,
            "second 60 is a leap second, which epoch milliseconds do not have; the last second of a minute is 59",
        ),
        ("2026-01-31T12:34:61.000Z", 17, "the second must be 00 to 59"),
        (
            "2026-01-31T12:34:56",
            19,
            "the offset from UTC is missing; append `Z` if the time is UTC, or an offset such as `+02:00`, or read it with \
             `EpochMs::parse_naive`, which takes the offset to assume",
        ),
        (
            "2026-01-31 12:34:56.789",
            23,
            "the offset from UTC is missing; append `Z` if the time is UTC, or an offset such as `+02:00`, or read it with \
             `EpochMs::parse_naive`, which takes the offset to assume",
        ),
        ("2026-01-31T12:34:56.Z", 20, "expected a digit after `.`"),
        ("2026-01-31T12:34:56.", 20, "the text ends, expected a digit after `.`"),
        ("2026-01-31T12:34:56,789Z", 19, "a fraction begins with `.`, not with `,`"),
        ("2026-01-31T12:34:56.789 Z", 23, "expected a fraction such as `.789`, or an offset such as `Z` or `+02:00`"),
        (
            "2026-01-31T12:34:56.789 02:00",
            23,
            "expected an offset such as `+02:00`, and its sign is a space; in the query of a URL, `+` means a space and is \
             written `%2B`",
        ),
        ("2026-01-31T12:34:56+02", 22, "the text ends, expected `:` between the offset's hours and minutes"),
        ("2026-01-31T12:34:56+0200", 22, "expected `:` between the offset's hours and minutes"),
        ("2026-01-31T12:34:56+24:00", 20, "the offset's hours must be 00 to 23"),
        ("2026-01-31T12:34:56-02:60", 23, "the offset's minutes must be 00 to 59"),
        ("2026-01-31T12:34:56-02:0", 24, "the text ends, expected the offset's minutes, two digits"),
        ("2026-01-31T12:34:56.789Z ", 24, "text follows after the end of the time"),
        ("2026-01-31T12:34:56.789Z\n", 24, "text follows after the end of the time"),
        (
            "2026-01-31T12:34:56.789+01:00[Europe/Paris]",
            29,
            "a suffix in brackets is RFC 9557, which is read by `EpochMs::parse_rfc9557`",
        ),
        (
            "0000-01-01T00:00:00.000+00:01",
            23,
            "with this offset the instant lies outside the years 0000 to 9999 of UTC",
        ),
        (
            "9999-12-31T23:59:59.999-00:01",
            23,
            "with this offset the instant lies outside the years 0000 to 9999 of UTC",
        ),
        (
            "\u{0662}026-01-31T12:34:56.789Z",
            0,
            "expected a year of four digits; the character there is not ASCII, as every character of a time is",
        ),
        (
            "2026\u{2011}01\u{2011}31T12:34:56Z",
            4,
            "expected `-` after the year; the character there is not ASCII, as every character of a time is",
        ),
        (
            "2026-01-31T12:34:56\u{2212}02:00",
            19,
            "expected a fraction such as `.789`, or an offset such as `Z` or `+02:00`; the character there is not ASCII, as \
             every character of a time is",
        ),
    ];
    for (text, position, message) in table {
        let error = text.parse::<EpochMs>().unwrap_err();
        assert_eq!(error.position(), position, "{text:?}: {error}");
        let shown = text.escape_default();
        assert_eq!(error.to_string(), format!("at byte {position} of \"{shown}\": {message}"), "{text:?}");
    }
}

#[test]
fn offset_may_cross_a_year_as_long_as_the_instant_does_not_leave_the_range() {
    assert_eq!(at("0000-01-01T00:00:00.000-00:01").as_millis(), EpochMs::MIN.as_millis() + 60_000);
    assert_eq!(at("9999-12-31T23:59:59.999+23:59").as_millis(), EpochMs::MAX.as_millis() - 1439 * 60_000);
    assert_eq!(at("2027-01-01T00:30:00+01:00"), at("2026-12-31T23:30:00Z"));
}

#[test]
fn text_is_padded_as_the_format_asks() {
    let instant = EpochMs::UNIX_EPOCH;
    assert_eq!(format!("{instant:>30}"), "      1970-01-01T00:00:00.000Z");
    assert_eq!(format!("{instant:*<26}"), "1970-01-01T00:00:00.000Z**");
    assert_eq!(format!("{instant:^28?}"), "  1970-01-01T00:00:00.000Z  ");
    assert_eq!(format!("{:>26}", instant.to_text()), "  1970-01-01T00:00:00.000Z");
    assert_eq!(format!("{:?}", instant.to_text()), "\"1970-01-01T00:00:00.000Z\"");
    assert_eq!(instant.to_text().as_bytes(), b"1970-01-01T00:00:00.000Z");
}

#[test]
fn long_text_is_read_in_one_pass() {
    let digits = "0".repeat(4_000_000);
    assert_eq!(at(&format!("1970-01-01T00:00:00.{digits}Z")), EpochMs::UNIX_EPOCH);
    let error = format!("1970-01-01T00:00:00.{digits}").parse::<EpochMs>().unwrap_err();
    assert_eq!(error.position(), 4_000_020);
}

#[test]
fn serde_refuses_a_number_and_says_why() {
    for number in ["1769862896789", "-1", "1.5"] {
        let error = serde_json::from_str::<EpochMs>(number).unwrap_err().to_string();
        assert!(error.starts_with("a number does not say whether it counts seconds or milliseconds"), "{error}");
        assert!(!error.contains(number), "{error}");
    }
    let error = serde_json::from_str::<EpochMs>("null").unwrap_err().to_string();
    assert!(error.contains("expected a time as text, such as `2026-01-31T12:34:56.789Z`"), "{error}");
    let error = serde_json::from_str::<EpochMs>("\"2026-01-31T12:34:56\"").unwrap_err().to_string();
    assert!(error.contains("at byte 19 of \"2026-01-31T12:34:56\": the offset from UTC is missing"), "{error}");
}

#[test]
fn instants_are_keys_of_a_json_map() {
    let map = std::collections::BTreeMap::from([(EpochMs::UNIX_EPOCH, 1)]);
    let json = serde_json::to_string(&map).unwrap();
    assert_eq!(json, r#"{"1970-01-01T00:00:00.000Z":1}"#);
    assert_eq!(serde_json::from_str::<std::collections::BTreeMap<EpochMs, i32>>(&json).unwrap(), map);
}
