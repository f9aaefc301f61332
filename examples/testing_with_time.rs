//! Time in a test stands still until the test moves it.
//!
//! You will see an entity that was created at noon, changed twice in the same millisecond, and again an hour later.
//! Only the entities that were created or loaded with this clock notice; there is no global clock to put back.
//!
//! ```text
//! $ cargo run --example testing_with_time
//! v1 created 2026-01-31T12:00:00.000Z
//! v2 updated 2026-01-31T12:00:00.000Z (renamed)
//! v3 updated 2026-01-31T12:00:00.000Z (renamed)
//! v4 updated 2026-01-31T13:00:00.000Z (renamed)
//! ```

use std::error::Error;
use std::time::Duration;

use timestamp_core::{Clock, EpochMs, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Task {
    #[timestamped(id)]
    id: u64,
    title: String,
    timestamps: Timestamps,
}

impl Task {
    // Production code passes `Clock::system()`, or calls `create`, which does.
    fn new(clock: &Clock, id: u64, title: &str) -> Result<Self, Box<dyn Error>> {
        Ok(Self::create_with(clock, |timestamps| Self { id, title: title.to_owned(), timestamps })?)
    }

    fn rename(&mut self, title: &str) {
        self.title = title.to_owned();
        self.touch("renamed");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let noon: EpochMs = "2026-01-31T12:00:00.000Z".parse()?;
    let clock = Clock::manual(noon);

    let mut task = Task::new(&clock, 1, "write")?;
    assert_eq!((task.created_at(), task.updated_at()), (noon, noon));

    // Two changes in one millisecond have one time; the version still tells which came first.
    task.rename("write more");
    task.rename("write most");
    assert_eq!((task.updated_at(), task.version()), (noon, 3));

    clock.advance(Duration::from_secs(60 * 60));
    task.rename("write it all");
    assert_eq!(task.updated_at().to_string(), "2026-01-31T13:00:00.000Z");
    assert_eq!(task.created_at(), noon);
    assert_eq!(task.title, "write it all");

    for event in task.pending_events() {
        let reason = event.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
        println!("v{} {} {}{reason}", event.version(), event.kind(), event.at());
    }
    Ok(())
}
