//! What an entity costs in memory. These figures are the same on every machine, so they are tests.

use allocation_counter::{AllocationInfo, measure};
use timestamp_benches::entity::{Derived, EventList, FieldsByHand, Task, TextAndBoxes};
use timestamp_core::{EpochMs, Timestamped, Timestamps};
use uuid::Uuid;

fn count(operation: impl FnOnce()) -> u64 {
    let AllocationInfo { count_total, .. } = measure(operation);
    count_total
}

fn stored<T: Task>() -> T {
    let mut task = T::create(Uuid::from_u128(1));
    task.drain(|_, _| ());
    task
}

/// The counter itself: a test that sees no allocation is worth nothing if the counter sees none.
#[test]
fn counter_sees_an_allocation() {
    assert_eq!(count(|| drop(std::hint::black_box(Box::new(1_u64)))), 1);
}

#[test]
fn create_allocates_nothing() {
    assert_eq!(count(|| drop(<Derived as Task>::create(Uuid::from_u128(1)))), 0);
}

#[test]
fn touch_with_a_static_reason_allocates_nothing() {
    let mut task: Derived = stored();
    assert_eq!(count(|| task.complete()), 0, "of a stored entity");
    let mut task: Derived = Task::create(Uuid::from_u128(1));
    assert_eq!(count(|| task.complete()), 0, "of a new entity");
    assert_eq!(task.pending_events().len(), 2);
}

#[test]
fn second_touch_allocates_the_list_of_pending_events_and_later_ones_seldom() {
    let mut task: Derived = stored();
    task.touch("first");
    assert_eq!(count(|| task.touch("second")), 2, "the ledger and its list");
    let later = count(|| (0..100).for_each(|_| task.touch("later")));
    assert!(later <= 7, "the list doubles, so 100 touches take at most 7 allocations, not {later}");
}

#[test]
fn reading_and_draining_allocate_nothing() {
    let mut task: Derived = Task::create(Uuid::from_u128(1));
    task.complete();
    assert_eq!(count(|| _ = std::hint::black_box(task.times())), 0);
    assert_eq!(count(|| assert_eq!(task.pending_events().count(), 2)), 0);
    assert_eq!(count(|| task.drain(|_, _| ())), 0);
    assert_eq!(task.pending_events().len(), 0);
}

#[test]
fn text_of_an_instant_allocates_nothing_in_either_direction() {
    let instant = EpochMs::UNIX_EPOCH;
    assert_eq!(count(|| assert_eq!(instant.to_text().parse(), Ok(instant))), 0);
    assert_eq!(count(|| drop(std::hint::black_box(instant.to_string()))), 1);
}

#[test]
fn timestamps_fit_into_a_cache_line() {
    assert_eq!(size_of::<Timestamps>(), 64);
    assert_eq!(size_of::<Derived>() - size_of::<Timestamps>(), 24, "the entity's own id and flag");
}

/// Size, and allocations and bytes on the heap of an entity that is created and touched once, in each of the ways;
/// printed with `--nocapture`.
#[test]
fn derived_entity_is_the_smallest_that_keeps_its_events() {
    fn cost<T: Task>() -> (usize, u64, u64) {
        let mut kept = None;
        let AllocationInfo { count_total, bytes_current, .. } = measure(|| {
            let mut task = T::create(Uuid::from_u128(1));
            task.complete();
            kept = Some(task);
        });
        let heap = u64::try_from(bytes_current).unwrap();
        println!("| {} | {} | {count_total} | {heap} |", T::VARIANT, size_of::<T>());
        (size_of::<T>(), count_total, heap)
    }
    println!("| way | bytes of the struct | allocations | bytes on the heap |\n|---|---:|---:|---:|");
    let (derived, by_hand) = (cost::<Derived>(), cost::<FieldsByHand>());
    let (list, boxes) = (cost::<EventList>(), cost::<TextAndBoxes>());
    assert_eq!((derived.1, derived.2, by_hand.1), (0, 0, 0));
    let total = |(size, _, heap): (usize, u64, u64)| size as u64 + heap;
    assert!(total(derived) < total(list) && total(list) < total(boxes));
}
