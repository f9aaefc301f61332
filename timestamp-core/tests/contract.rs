//! The contract about time: the frozen cases of `docs/adr/0001-time-contract.md`, and the table of `docs/time.md`.
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use timestamp_core::serde::millis;
use timestamp_core::{Assume, EpochMs, Offset, PlausibleRange, Suffix};

const ADR: &str = include_str!("../docs/adr/0001-time-contract.md");
const PAGE: &str = include_str!("../docs/time.md");
const CASES: &str = include_str!("contract/cases.tsv");

/// One line of the frozen cases.
struct Case {
    clause: u32,
    call: &'static str,
    input: String,
    outcome: &'static str,
}

fn cases() -> Vec<Case> {
    lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [clause, call, input, outcome] = fields[..] else { panic!("four fields: {line}") };
            Case { clause: clause.parse().unwrap(), call, input: unescaped(input), outcome }
        })
        .collect()
}

fn lines() -> impl Iterator<Item = &'static str> {
    CASES.lines().filter(|line| !line.starts_with('#'))
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("an escape ends with `}`");
        plain.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
        plain += rest;
    }
    plain.replace("\\t", "\t").replace("\\n", "\n")
}

/// The clauses are the numbered items of the record.
fn clauses() -> BTreeSet<u32> {
    ADR.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect()
}

fn at(text: &str) -> EpochMs {
    text.parse().unwrap()
}

/// Returns what a call answers, as the cases write it.
fn answer(call: &str, input: &str) -> Result<String, String> {
    fn shown<T: Display, E: Display>(result: Result<T, E>) -> Result<String, String> {
        result.map(|it| it.to_string()).map_err(|error| error.to_string())
    }
    fn by<T: std::str::FromStr<Err: std::fmt::Debug>, E: Display>(
        read: impl Fn(T) -> Result<EpochMs, E>,
        input: &str,
    ) -> Result<String, String> {
        shown(read(input.parse().unwrap()))
    }
    let parts: Vec<&str> = input.split(" | ").collect();
    let (call, argument) = call.split_once(' ').unwrap_or((call, ""));
    match (call, argument) {
        ("parse", _) => shown(input.parse::<EpochMs>()),
        // Without the words, which are free to change.
        ("place_and_excerpt", _) => {
            Ok(input.parse::<EpochMs>().unwrap_err().to_string().rsplit_once(": ").unwrap().0.to_owned())
        }
        ("parse_rfc9557", "") => shown(EpochMs::parse_rfc9557(input, Suffix::Check)),
        ("parse_rfc9557", "refuse") => shown(EpochMs::parse_rfc9557(input, Suffix::Refuse)),
        ("parse_naive", "UTC") => shown(EpochMs::parse_naive(input, Assume::Utc)),
        ("parse_naive", offset) => shown(EpochMs::parse_naive(input, Assume::Offset(offset.parse().unwrap()))),
        ("offset", _) => shown(input.parse::<Offset>()),
        ("text", _) => by(EpochMs::from_millis, input),
        ("from_seconds", _) => by(EpochMs::from_seconds, input),
        ("from_millis", _) => by(EpochMs::from_millis, input),
        ("from_micros", _) => by(EpochMs::from_micros, input),
        ("from_nanos", _) => by(EpochMs::from_nanos, input),
        ("from_julian_day", _) => by(EpochMs::from_julian_day, input),
        ("from_filetime", _) => by(EpochMs::from_filetime, input),
        ("from_webkit", _) => by(EpochMs::from_webkit, input),
        ("from_cocoa_seconds", _) => by(EpochMs::from_cocoa_seconds, input),
        ("plausible_units", _) => {
            let units = EpochMs::plausible_units(input.parse().unwrap());
            let units: Vec<String> = units.map(|(unit, instant)| format!("{unit}: {instant}")).collect();
            Ok(if units.is_empty() { "none".to_owned() } else { units.join(", ") })
        }
        ("plausible", _) => {
            let range = match parts[..] {
                [_, from, before] => PlausibleRange::new(at(from), at(before)),
                _ => PlausibleRange::default(),
            };
            let is_plausible = range.check(at(parts[0])).is_ok();
            assert_eq!(is_plausible, range.contains(at(parts[0])));
            Ok(is_plausible.to_string())
        }
        ("time_ago", _) => Ok(at(parts[0]).time_ago(at(parts[1])).to_string()),
        ("is_recent", _) => {
            let within = Duration::from_millis(parts[2].parse().unwrap());
            Ok(at(parts[0]).is_recent(at(parts[1]), within).to_string())
        }
        ("from_json", _) => shown(serde_json::from_str::<EpochMs>(input)),
        ("to_json", _) => shown(serde_json::to_string(&at(input))),
        ("millis_from_json", _) => shown(millis::deserialize(&mut serde_json::Deserializer::from_str(input))),
        ("millis_to_json", _) => shown(millis::serialize(&at(input), serde_json::value::Serializer)),
        ("option_from_json", _) => {
            let read = millis::option::deserialize(&mut serde_json::Deserializer::from_str(input));
            shown(read.map(|it| it.map_or("none".to_owned(), |instant| instant.to_string())))
        }
        ("option_to_json", _) => {
            let instant = (input != "none").then(|| at(input));
            shown(millis::option::serialize(&instant, serde_json::value::Serializer))
        }
        _ => panic!("there is no call `{call}`"),
    }
}

/// Whether an answer is the outcome that is written down.
fn is_as_written(answer: &Result<String, String>, outcome: &str) -> bool {
    match (outcome.strip_prefix("refused"), answer) {
        (None, Ok(answer)) => answer == outcome,
        (Some(refusal), Err(message)) => {
            let (place, words) = refusal.split_once(": ").expect("a refusal has words");
            message.contains(words)
                && place.strip_prefix(" at ").is_none_or(|byte| message.starts_with(&format!("at byte {byte} of ")))
        }
        _ => false,
    }
}

#[test]
fn every_frozen_case_means_what_its_clause_says() {
    let broken: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let Case { clause, call, input, outcome } = case;
            let answer = answer(call, input);
            (!is_as_written(&answer, outcome)).then(|| {
                format!("clause {clause}: `{call}` of {input:?}\n    is written as {outcome}\n    and is {answer:?}")
            })
        })
        .collect();
    assert!(broken.is_empty(), "the contract docs/adr/0001-time-contract.md is broken:\n{}", broken.join("\n"));
}

#[test]
fn every_clause_has_a_case_and_every_case_a_clause() {
    let used: BTreeSet<u32> = cases().iter().map(|case| case.clause).collect();
    assert_eq!(used, clauses(), "left: clauses that have cases; right: clauses of the record");
    assert_eq!(
        clauses().last().map(|last| *last as usize),
        Some(clauses().len()),
        "clauses are numbered without a gap"
    );
}

#[test]
fn cases_do_not_change_without_their_record() {
    // FNV-1a: it need not withstand an attack, only an edit.
    let mut fingerprint = 0xcbf2_9ce4_8422_2325_u64;
    for byte in lines().flat_map(|line| line.bytes().chain([b'\n'])) {
        fingerprint = (fingerprint ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let line = format!("Frozen cases: {}, fingerprint {fingerprint:016x}", lines().count());
    assert!(
        ADR.lines().any(|it| it == line),
        "cases.tsv is not the file that docs/adr/0001-time-contract.md was written for. If cases were only added, its last \
         line becomes\n{line}\nIf one was changed or removed, that needs a new record; see there"
    );
}

#[test]
fn table_of_the_rules_says_what_happens() {
    let clauses = clauses();
    let mut rows = 0;
    for line in PAGE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let [text, call @ ("parse" | "parse_naive" | "parse_rfc9557"), means, clause, _] = cells[..] else { continue };
        rows += 1;
        let call = if call == "parse_naive" { "parse_naive UTC" } else { call };
        let answer = answer(call, text);
        let holds = if means == "refused" { answer.is_err() } else { answer.as_deref() == Ok(means) };
        assert!(holds, "docs/time.md, clause {clause}: `{text}` is said to be {means}, and is {answer:?}");
        assert!(
            clauses.contains(&clause.parse().unwrap()),
            "docs/time.md names a clause {clause}, which does not exist"
        );
    }
    assert!(rows >= 41, "{rows} rows of the table were found");
}
