//! Two nodes whose clocks differ, and a change that depends on another one.
//!
//! The clock of the phone is 300 ms behind that of the server. The server creates a task, tells the phone, and the phone
//! completes it at once. By the clocks of the two, the task was completed before it was created. By their stamps it was
//! not, and the entity on the phone has a time that fits.
//!
//! ```text
//! $ cargo run --example hybrid_clock
//! by the clocks: created 2026-01-31T12:00:00.300Z, completed 2026-01-31T12:00:00.020Z
//! by the stamps: created 2026-01-31T12:00:00.300Z-0000-0000000000000001, completed 2026-01-31T12:00:00.300Z-0002-0000000000000002
//! on the phone:  updated 2026-01-31T12:00:00.300Z
//! a stamp from tomorrow is refused
//! after a restart and an hour back: 2026-01-31T12:00:00.301Z-0000-0000000000000002
//! ```

use std::error::Error;
use std::time::Duration;

use timestamp_core::hybrid::MergeError;
use timestamp_core::{Clock, EpochMs, HybridClock, HybridStamp, NodeId, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Task {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() -> Result<(), Box<dyn Error>> {
    let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse()?;
    let folder = tempfile::tempdir()?;

    // In a program these are `Clock::hybrid(node)`, over the system clock of each machine.
    let (server_clock, phone_clock) =
        (Clock::manual(noon.saturating_add(Duration::from_millis(300))), Clock::manual(noon));
    let server = HybridClock::options(NodeId::new(1)).source(&server_clock).start();
    let options = HybridClock::options(NodeId::new(2)).source(&phone_clock);
    // The phone remembers, so that a restart can not take it back.
    let phone = options.clone().remember_in(folder.path().join("clock"))?;

    // The server creates a task. Its message takes 20 ms, and carries the stamp.
    let created = server.stamp()?;
    let created_by_clock = server_clock.now();
    for clock in [&server_clock, &phone_clock] {
        clock.advance(Duration::from_millis(20));
    }

    // The phone takes the stamp in before it does anything about the message. Then it completes the task.
    let received = phone.merge(created)?;
    let mut task = Task::create_with(&phone, |timestamps| Task { id: 1, timestamps })?;
    task.touch("completed");
    let completed = phone.stamp()?;
    let completed_by_clock = phone_clock.now();

    assert!(completed_by_clock < created_by_clock, "the trap: by the clocks the effect comes first");
    println!("by the clocks: created {created_by_clock}, completed {completed_by_clock}");
    assert!(created < received && received < completed);
    println!("by the stamps: created {created}, completed {completed}");
    assert!(task.updated_at() >= created.time());
    println!("on the phone:  updated {}", task.updated_at());

    // A node whose clock is wrong by a day does not take the others along.
    let tomorrow = noon.saturating_add(Duration::from_secs(24 * 3600));
    let wrong = HybridStamp::from_parts(tomorrow, 0, NodeId::new(3)).ok_or("a time before 1970")?;
    assert!(matches!(phone.merge(wrong), Err(MergeError::TooFarAhead { .. })));
    println!("a stamp from tomorrow is refused");

    // The program ends, and when it starts again, the phone's clock was set back by an hour. The entity has the clock, too.
    drop((task, phone));
    phone_clock.set(noon.saturating_sub(Duration::from_secs(3600)));
    let again = options.remember_in(folder.path().join("clock"))?.stamp()?;
    assert!(completed < again);
    println!("after a restart and an hour back: {again}");
    // Their texts sort as the stamps do, in any database.
    assert!(created.to_string() < completed.to_string() && completed.to_string() < again.to_string());
    Ok(())
}
