//! An instant to text and back, beside the RFC 3339 code of the `time` library.
//!
//! It isolates the texts: the instants are made beforehand in both types, and `Instants::new` asserts that the two
//! agree about each. Ids are `text/<operation>/<way>`. To compare two branches: `cargo bench -p timestamp-benches
//! --bench text -- --save-baseline main` on one, `-- --baseline main` on the other.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use time::format_description::well_known::Rfc3339;
use time::{PrimitiveDateTime, UtcDateTime};
use timestamp_benches::text::{Instants, NAIVE, NAIVE_OF_SECONDS, of_time};
use timestamp_core::{Assume, EpochMs};

fn text(criterion: &mut Criterion) {
    let instants = Instants::new();
    let Instants { ours, texts, texts_with_offset, texts_of_micros, texts_of_seconds, naive, naive_of_seconds, .. } =
        &instants;

    let mut next = ours.iter().cycle();
    criterion.bench_function("text/write/ours", |bencher| bencher.iter(|| next.next().map(|it| it.to_text())));
    let mut next = ours.iter().cycle();
    criterion.bench_function("text/to_string/ours", |bencher| bencher.iter(|| next.next().map(EpochMs::to_string)));
    let (mut next, mut text) = (ours.iter().cycle(), Vec::with_capacity(64));
    criterion.bench_function("text/write/time", |bencher| {
        bencher.iter(|| {
            text.clear();
            let written = next.next().map(|it| of_time(*it).format_into(&mut text, &Rfc3339));
            (written.is_some(), black_box(&text).len())
        });
    });
    let mut next = ours.iter().cycle();
    criterion.bench_function("text/to_string/time", |bencher| {
        bencher.iter(|| next.next().map(|it| of_time(*it).format(&Rfc3339)));
    });

    for (operation, texts) in [
        ("parse", texts),
        ("parse_with_offset", texts_with_offset),
        ("parse_of_micros", texts_of_micros),
        ("parse_of_seconds", texts_of_seconds),
    ] {
        let mut next = texts.iter().cycle();
        criterion.bench_function(&format!("text/{operation}/ours"), |bencher| {
            bencher.iter(|| next.next().map(|it| it.parse::<EpochMs>()));
        });
        let mut next = texts.iter().cycle();
        criterion.bench_function(&format!("text/{operation}/time"), |bencher| {
            bencher.iter(|| next.next().map(|it| UtcDateTime::parse(it, &Rfc3339)));
        });
    }

    for (operation, texts, form) in
        [("parse_naive", naive, NAIVE), ("parse_naive_of_seconds", naive_of_seconds, NAIVE_OF_SECONDS)]
    {
        let mut next = texts.iter().cycle();
        criterion.bench_function(&format!("text/{operation}/ours"), |bencher| {
            bencher.iter(|| next.next().map(|it| EpochMs::parse_naive(it, Assume::Utc)));
        });
        let mut next = texts.iter().cycle();
        criterion.bench_function(&format!("text/{operation}/time"), |bencher| {
            bencher.iter(|| next.next().map(|it| PrimitiveDateTime::parse(it, &form)));
        });
    }
}

criterion_group!(benches, text);
criterion_main!(benches);
