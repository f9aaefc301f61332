//! The trap: the system clock is set back, and the newest change looks like an old one.
//!
//! You will see what `updated_at = now()` does with two changes between which the clock was set back by ten minutes,
//! and what `touch` does. A reader that asks "what changed since 12:00?" at 12:00 misses the first and finds the second.
//!
//! ```text
//! $ cargo run --example trap_clock_goes_back
//! by hand: 2026-10-25T12:00:00.000Z, then 2026-10-25T11:50:00.000Z: the second change is not found
//! touched: 2026-10-25T12:00:00.000Z, then 2026-10-25T12:00:00.000Z: version 3 is found
//! ```

use std::error::Error;

use timestamp_core::{Clock, EpochMs, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Task {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() -> Result<(), Box<dyn Error>> {
    let noon: EpochMs = "2026-10-25T12:00:00.000Z".parse()?;
    let ten_to: EpochMs = "2026-10-25T11:50:00.000Z".parse()?;
    let clock = Clock::manual(noon);
    let changed_since = |cursor: EpochMs, updated_at: EpochMs| updated_at >= cursor;

    // By hand: each change writes what the clock shows.
    let first = clock.now();
    clock.set(ten_to);
    let second = clock.now();
    assert!(!changed_since(first, second), "the trap: the second change is invisible");
    println!("by hand: {first}, then {second}: the second change is not found");

    // The same clock, the same two changes.
    clock.set(noon);
    let mut task = Task::create_with(&clock, |timestamps| Task { id: 1, timestamps })?;
    task.touch("first");
    let (first, seen) = (task.updated_at(), task.version());
    clock.set(ten_to);
    task.touch("second");
    let second = task.updated_at();
    assert!(changed_since(first, second));
    assert_eq!(second, first, "the later of now and the previous change");
    // The times are equal, so it is the version that tells the reader there is something new.
    assert_eq!((seen, task.version()), (2, 3));
    println!("touched: {first}, then {second}: version {} is found", task.version());
    Ok(())
}
