//! An entity's life in memory: create, touch, read the times, hand over the events.

use std::hint::black_box;
use std::time::Instant;

use timestamp_benches::clock_read::clock_read;
use timestamp_benches::entity::{Derived, EventList, FieldsByHand, Task, TextAndBoxes, assert_answer};
use timestamp_benches::ratio::{Batch, Comparison, Goal, Ratio, repeated};
use uuid::Uuid;

const ROUNDS: u32 = 2_000;

/// Entities per batch; together they stay in the first level of the cache.
const BATCH: u32 = 128;

pub(crate) fn ratios() -> Vec<Ratio> {
    assert_answer::<Derived>(true);
    assert_answer::<FieldsByHand>(false);
    assert_answer::<EventList>(true);
    assert_answer::<TextAndBoxes>(true);

    let clock = || repeated(BATCH, |_| clock_read());
    let mut table = Comparison::new()
        .way("`touch`", Goal::AtMost(1.15), touch::<Derived>())
        .way("change by hand, fields alone", Goal::Reported, touch::<FieldsByHand>())
        .way("change by hand, `OffsetDateTime` and `Vec`", Goal::Reported, touch::<EventList>())
        .way("change by hand, text and boxes", Goal::Reported, touch::<TextAndBoxes>())
        .against("one clock read", clock(), ROUNDS);
    table.extend(
        Comparison::new()
            .way("`create`", Goal::AtMost(1.3), create::<Derived>())
            .way("by hand, `OffsetDateTime` and `Vec`", Goal::Reported, create::<EventList>())
            .way("by hand, text and boxes", Goal::Reported, create::<TextAndBoxes>())
            .against("clock read and struct by hand", create::<FieldsByHand>(), ROUNDS),
    );
    table.extend(
        Comparison::new()
            .way("reading both times", Goal::Reported, times::<Derived>())
            .way("by hand, `OffsetDateTime`", Goal::Reported, times::<EventList>())
            .way("by hand, text", Goal::Reported, times::<TextAndBoxes>())
            .against("two fields by hand", times::<FieldsByHand>(), ROUNDS),
    );
    table.extend(
        Comparison::new()
            .way("drain of two events", Goal::Reported, drain::<Derived>())
            .way("by hand, boxes", Goal::Reported, drain::<TextAndBoxes>())
            .against("by hand, `Vec`", drain::<EventList>(), ROUNDS),
    );
    table
}

fn batch<T: Task>() -> Vec<T> {
    (0..BATCH).map(|id| T::create(Uuid::from_u128(u128::from(id)))).collect()
}

fn create<T: Task>() -> Batch<'static> {
    repeated(BATCH, |index| T::create(black_box(Uuid::from_u128(index as u128))))
}

/// The first touch since the last save, which is the common one: each batch begins with nothing pending.
fn touch<T: Task>() -> Batch<'static> {
    let mut tasks = batch::<T>();
    Box::new(move || {
        tasks.iter_mut().for_each(|task| task.drain(|_, _| ()));
        let start = Instant::now();
        for task in &mut tasks {
            task.complete();
            black_box(&mut *task);
        }
        (start.elapsed(), BATCH)
    })
}

fn times<T: Task>() -> Batch<'static> {
    let tasks = batch::<T>();
    repeated(BATCH * 8, move |index| black_box(&tasks[index % BATCH as usize]).times())
}

fn drain<T: Task>() -> Batch<'static> {
    Box::new(|| {
        let mut tasks = batch::<T>();
        tasks.iter_mut().for_each(T::complete);
        let mut sum = 0;
        let start = Instant::now();
        for task in &mut tasks {
            task.drain(|version, reason| sum += version + reason.len() as u64);
        }
        let elapsed = start.elapsed();
        assert_eq!(sum, u64::from(BATCH) * (1 + 2 + "completed".len() as u64));
        (elapsed, BATCH)
    })
}
