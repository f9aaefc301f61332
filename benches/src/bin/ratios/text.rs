//! An instant to text and back, against the RFC 3339 code of the `time` library.

use std::fmt;
use std::hint::black_box;

use time::format_description::well_known::Rfc3339;
use time::{PrimitiveDateTime, UtcDateTime};
use timestamp_benches::ratio::{Batch, Comparison, Goal, Ratio, repeated};
use timestamp_benches::text::{COUNT, Instants, NAIVE, NAIVE_OF_SECONDS, of_time};
use timestamp_core::{Assume, EpochMs};

const ROUNDS: u32 = 2_000;
const REPEATED: u32 = COUNT as u32 * 4;

pub(crate) fn ratios() -> Vec<Ratio> {
    let instants = Instants::new();
    let Instants { ours, theirs, texts, texts_with_offset, texts_of_micros, texts_of_seconds, naive, naive_of_seconds } =
        &instants;

    let mut table = Comparison::new()
        .way(
            "`to_text`, as bytes on the stack",
            Goal::AtMost(0.35),
            repeated(REPEATED, |index| black_box(ours[index % COUNT]).to_text()),
        )
        .way("`time`, split beforehand, `format_into` a `Vec` kept", Goal::Reported, {
            let mut text = Vec::with_capacity(64);
            repeated(REPEATED, move |index| {
                text.clear();
                let written = black_box(theirs[index % COUNT]).format_into(&mut text, &Rfc3339);
                (written.is_ok(), black_box(&text).len())
            })
        })
        .against("`time`, from milliseconds, `format_into` a `Vec` kept", by_time(ours, <[u8]>::len), ROUNDS);
    table.extend(
        Comparison::new()
            .way(
                "`to_text`, as `&str`",
                Goal::AtMost(0.35),
                repeated(REPEATED, |index| black_box(black_box(ours[index % COUNT]).to_text().as_str()).len()),
            )
            .against(
                "`time`, the same, and `str::from_utf8`",
                by_time(ours, |text| str::from_utf8(text).map_or(0, str::len)),
                ROUNDS,
            ),
    );
    table.extend(
        Comparison::new()
            .way(
                "`to_string`",
                Goal::AtMost(0.35),
                repeated(REPEATED, |index| black_box(ours[index % COUNT]).to_string()),
            )
            .way(
                "`String::from(&*to_text())`",
                Goal::Reported,
                repeated(REPEATED, |index| String::from(&*black_box(ours[index % COUNT]).to_text())),
            )
            .way(
                "`to_string` of a type that has its text already",
                Goal::Reported,
                repeated(REPEATED, |index| black_box(Ready(&texts[index % COUNT])).to_string()),
            )
            .way(
                "an empty `String` of 24 bytes",
                Goal::Reported,
                repeated(REPEATED, |_| String::with_capacity(black_box(24))),
            )
            .against(
                "`time`, from milliseconds, `format` to a `String`",
                repeated(REPEATED, |index| of_time(black_box(ours[index % COUNT])).format(&Rfc3339)),
                ROUNDS,
            ),
    );
    for (name, texts) in [
        ("`parse` of our text", texts),
        ("`parse` of text with an offset", texts_with_offset),
        ("`parse` of text with six digits", texts_of_micros),
        ("`parse` of text without a fraction", texts_of_seconds),
    ] {
        table.extend(
            Comparison::new()
                .way(
                    name,
                    Goal::AtMost(0.55),
                    repeated(REPEATED, |index| black_box(&*texts[index % COUNT]).parse::<EpochMs>()),
                )
                .against(
                    "`time`, `parse`",
                    repeated(REPEATED, |index| UtcDateTime::parse(black_box(&texts[index % COUNT]), &Rfc3339)),
                    ROUNDS,
                ),
        );
    }
    for (name, texts, form) in [
        ("`parse_naive` of three digits", naive, NAIVE),
        ("`parse_naive` without a fraction", naive_of_seconds, NAIVE_OF_SECONDS),
    ] {
        table.extend(
            Comparison::new()
                .way(
                    name,
                    Goal::AtMost(0.6),
                    repeated(REPEATED, |index| {
                        EpochMs::parse_naive(black_box(&*texts[index % COUNT]), black_box(Assume::Utc))
                    }),
                )
                .against(
                    "`time`, `parse` by a description",
                    repeated(REPEATED, |index| PrimitiveDateTime::parse(black_box(&texts[index % COUNT]), &form)),
                    ROUNDS,
                ),
        );
    }
    table
}

/// Writes instants as `time` does, each into the same `Vec`, and takes what was written.
fn by_time(ours: &[EpochMs], take: impl Fn(&[u8]) -> usize + 'static) -> Batch<'_> {
    let mut text = Vec::with_capacity(64);
    repeated(REPEATED, move |index| {
        text.clear();
        let written = of_time(black_box(ours[index % COUNT])).format_into(&mut text, &Rfc3339);
        (written.is_ok(), take(black_box(&text)))
    })
}

/// What costs `to_string` nothing but the allocation and the formatting machinery of the standard library.
struct Ready<'a>(&'a str);

impl fmt::Display for Ready<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
