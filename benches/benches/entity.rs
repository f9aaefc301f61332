//! An entity's life in memory: create, touch, read the times, hand over the events.
//!
//! It isolates the bookkeeping of times and events: the entities have no text field and no database. Ids are
//! `entity/<operation>/<way>`; the ways are described in `src/entity.rs`, and `clock_read` is the floor of the first
//! two. To compare two branches: `cargo bench -p timestamp-benches --bench entity -- --save-baseline main` on one,
//! `-- --baseline main` on the other. To compare the ways, use the `ratios` program, which runs them in turns.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use timestamp_benches::clock_read::clock_read;
use timestamp_benches::entity::{Derived, EventList, FieldsByHand, Task, TextAndBoxes, assert_answer};
use uuid::Uuid;

fn ways<T: Task>(criterion: &mut Criterion, keeps_events: bool) {
    assert_answer::<T>(keeps_events);
    let id = Uuid::from_u128(1);
    let bench = |operation: &str| format!("entity/{operation}/{}", T::VARIANT);

    criterion.bench_function(&bench("create"), |bencher| bencher.iter(|| T::create(black_box(id))));

    let stored = || {
        let mut task = T::create(id);
        task.drain(|_, _| ());
        task
    };
    criterion.bench_function(&bench("touch"), |bencher| {
        bencher.iter_batched_ref(stored, T::complete, BatchSize::SmallInput);
    });

    let task = T::create(id);
    criterion.bench_function(&bench("times"), |bencher| bencher.iter(|| black_box(&task).times()));

    let touched = || {
        let mut task = T::create(id);
        task.complete();
        task
    };
    criterion.bench_function(&bench("drain"), |bencher| {
        bencher.iter_batched_ref(
            touched,
            |task| task.drain(|version, reason| _ = black_box((version, reason.len()))),
            BatchSize::SmallInput,
        );
    });
}

fn entity(criterion: &mut Criterion) {
    criterion.bench_function("entity/clock_read/by_hand", |bencher| bencher.iter(clock_read));
    ways::<Derived>(criterion, true);
    ways::<FieldsByHand>(criterion, false);
    ways::<EventList>(criterion, true);
    ways::<TextAndBoxes>(criterion, true);
}

criterion_group!(benches, entity);
criterion_main!(benches);
