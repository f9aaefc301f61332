//! Writes or reads one text after the other, by one of the ways, and does nothing else: for `scripts/instructions-of-texts`,
//! which counts what is done for it.

use std::hint::black_box;
use std::process::ExitCode;

use time::format_description::well_known::Rfc3339;
use time::{PrimitiveDateTime, UtcDateTime};
use timestamp_benches::text::{COUNT, Instants, NAIVE, NAIVE_OF_SECONDS, of_time};
use timestamp_core::{Assume, EpochMs};

type Way = fn(&Instants, usize);

/// Takes what was made, so that the compiler can not leave the making out.
fn done<T>(made: T) {
    black_box(made);
}

/// What is compared, by ours and by the `time` library.
const SUBJECTS: [(&str, Way, Way); 9] = [
    (
        "to_text, as bytes",
        |it, index| done(black_box(it.ours[index]).to_text()),
        |it, index| write_by_time(it, index, <[u8]>::len),
    ),
    (
        "to_text, as &str",
        |it, index| done(black_box(black_box(it.ours[index]).to_text().as_str()).len()),
        |it, index| write_by_time(it, index, |text| str::from_utf8(text).map_or(0, str::len)),
    ),
    (
        "to_string",
        |it, index| done(black_box(it.ours[index]).to_string()),
        |it, index| done(of_time(black_box(it.ours[index])).format(&Rfc3339)),
    ),
    ("parse of our text", |it, index| parse(&it.texts[index]), |it, index| parse_by_time(&it.texts[index])),
    (
        "parse of text with an offset",
        |it, index| parse(&it.texts_with_offset[index]),
        |it, index| parse_by_time(&it.texts_with_offset[index]),
    ),
    (
        "parse of text with six digits",
        |it, index| parse(&it.texts_of_micros[index]),
        |it, index| parse_by_time(&it.texts_of_micros[index]),
    ),
    (
        "parse of text without a fraction",
        |it, index| parse(&it.texts_of_seconds[index]),
        |it, index| parse_by_time(&it.texts_of_seconds[index]),
    ),
    (
        "parse_naive of three digits",
        |it, index| parse_naive(&it.naive[index]),
        |it, index| done(PrimitiveDateTime::parse(black_box(&it.naive[index]), &NAIVE)),
    ),
    (
        "parse_naive without a fraction",
        |it, index| parse_naive(&it.naive_of_seconds[index]),
        |it, index| done(PrimitiveDateTime::parse(black_box(&it.naive_of_seconds[index]), &NAIVE_OF_SECONDS)),
    ),
];

fn write_by_time(instants: &Instants, index: usize, take: fn(&[u8]) -> usize) {
    // It holds 24 bytes from the start, as a `Vec` does that is kept from one text to the next.
    let mut text = [0; 24];
    let mut rest = text.as_mut_slice();
    let written = of_time(black_box(instants.ours[index])).format_into(&mut rest, &Rfc3339);
    done((written.is_ok(), take(&text)));
}

fn parse(text: &str) {
    done(black_box(text).parse::<EpochMs>());
}

fn parse_by_time(text: &str) {
    done(UtcDateTime::parse(black_box(text), &Rfc3339));
}

fn parse_naive(text: &str) {
    done(EpochMs::parse_naive(black_box(text), black_box(Assume::Utc)));
}

#[expect(clippy::print_stdout, reason = "the list is for the script that counts")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        SUBJECTS.iter().for_each(|(subject, ..)| println!("{subject}"));
        return ExitCode::SUCCESS;
    }
    let [subject, way, count] = &*arguments else { return usage() };
    let Some((_, ours, theirs)) = SUBJECTS.iter().find(|(name, ..)| name == subject) else { return usage() };
    let Ok(count) = count.parse::<usize>() else { return usage() };
    let way = match &**way {
        "ours" => ours,
        "time" => theirs,
        _ => return usage(),
    };
    let instants = Instants::new();
    (0..count).for_each(|index| way(&instants, index % COUNT));
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("texts: give a subject, `ours` or `time`, and how many; without arguments it lists the subjects");
    ExitCode::from(2)
}
