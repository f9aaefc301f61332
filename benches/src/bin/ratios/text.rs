//! An instant to text and back, against the RFC 3339 code of the `time` library.

use std::hint::black_box;

use time::format_description::well_known::Rfc3339;
use time::{PrimitiveDateTime, UtcDateTime};
use timestamp_benches::ratio::{Comparison, Goal, Ratio, repeated};
use timestamp_benches::text::{COUNT, Instants, NAIVE, NAIVE_OF_SECONDS};
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
        .way(
            "`to_text`, as `&str`",
            Goal::AtMost(0.35),
            repeated(REPEATED, |index| black_box(black_box(ours[index % COUNT]).to_text().as_str()).len()),
        )
        .way("`time`, `format_into` a `Vec` kept", Goal::Reported, {
            let mut text = Vec::with_capacity(64);
            repeated(REPEATED, move |index| {
                text.clear();
                let written = black_box(theirs[index % COUNT]).format_into(&mut text, &Rfc3339);
                (written.is_ok(), black_box(&text).len())
            })
        })
        .way("`time`, milliseconds to `UtcDateTime`, `format_into` the `Vec`", Goal::Reported, {
            let mut text = Vec::with_capacity(64);
            repeated(REPEATED, move |index| {
                text.clear();
                let instant = UtcDateTime::from(black_box(ours[index % COUNT]));
                (instant.format_into(&mut text, &Rfc3339).is_ok(), black_box(&text).len())
            })
        })
        .against(
            "`time`, `format_into` an array",
            repeated(REPEATED, |index| {
                let mut text = [0; 24];
                let written = black_box(theirs[index % COUNT]).format_into(&mut text.as_mut_slice(), &Rfc3339);
                (written.is_ok(), text)
            }),
            ROUNDS,
        );
    table.extend(
        Comparison::new()
            .way(
                "`to_string`",
                Goal::AtMost(0.35),
                repeated(REPEATED, |index| black_box(ours[index % COUNT]).to_string()),
            )
            .against(
                "`time`, `format` to a `String`",
                repeated(REPEATED, |index| black_box(theirs[index % COUNT]).format(&Rfc3339)),
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
