//! A stamp of a hybrid clock, and readings of the other clocks, beside hybrid clocks by hand.
//!
//! It isolates the clocks: nothing is done with what they show. All of them read the system clock once. Ids are
//! `clock/<operation>/<way>`. To compare two branches: `cargo bench -p timestamp-benches --bench clock -- --save-baseline
//! main` on one, `-- --baseline main` on the other.

use criterion::{Criterion, criterion_group, criterion_main};
use timestamp_benches::clock_read::clock_read;
use timestamp_benches::hybrid::{OneNumber, Stamping, TwoFields, assert_answer, ours};
use timestamp_core::Clock;

fn clock(criterion: &mut Criterion) {
    let (hybrid, one_number, two_fields) = (ours(), OneNumber::default(), TwoFields::default());
    assert_answer(&hybrid);
    assert_answer(&one_number);
    assert_answer(&two_fields);
    criterion.bench_function("clock/stamp/ours", |bencher| bencher.iter(|| Stamping::stamp(&hybrid)));
    criterion.bench_function("clock/stamp/one_number", |bencher| bencher.iter(|| one_number.stamp()));
    criterion.bench_function("clock/stamp/two_fields", |bencher| bencher.iter(|| two_fields.stamp()));

    let (system, watched) = (Clock::system(), Clock::watched());
    criterion.bench_function("clock/now/hybrid", |bencher| bencher.iter(|| hybrid.now()));
    criterion.bench_function("clock/now/watched", |bencher| bencher.iter(|| watched.now()));
    criterion.bench_function("clock/now/system", |bencher| bencher.iter(|| system.now()));
    criterion.bench_function("clock/now/by_hand", |bencher| bencher.iter(clock_read));
}

criterion_group!(benches, clock);
criterion_main!(benches);
