//! The trap: the save is rolled back, and the event that said so is already gone.
//!
//! You will see what code does that empties its list of events when it saves, and what an entity does that forgets its
//! events only when their transaction is known to have committed.
//!
//! ```text
//! $ cargo run --example trap_rolled_back_save
//! by hand: the save was rolled back, 0 events left to store
//! in a unit that was rolled back: 2 events pending, 0 stored
//! saved again: 0 events pending, 2 stored
//! ```

use std::error::Error;

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::Sqlite;

#[derive(Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: i64,
    done: bool,
    timestamps: Timestamps,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // By hand: the events are taken when they are written, and the transaction ends later.
    let mut events = vec!["created", "completed"];
    let written = std::mem::take(&mut events);
    drop(written); // ROLLBACK: what was written is gone
    assert!(events.is_empty(), "the trap: saving again stores the row, and no event");
    println!("by hand: the save was rolled back, {} events left to store", events.len());

    let store = Sqlite::in_memory().await?;
    let tasks = store.repository::<Task>().await?;
    let mut task = Task::create(|timestamps| Task { id: 1, done: false, timestamps })?;
    task.done = true;
    task.touch("completed");

    let mut unit = store.begin().await?;
    unit.save(&mut task).await?;
    unit.rollback(); // as dropping it does, by an early `?` or a panic

    let stored = store.outbox().of(&task).await?.len();
    assert_eq!((task.pending_events().len(), stored), (2, 0));
    assert!(tasks.find(task.id()).await?.is_none());
    println!("in a unit that was rolled back: 2 events pending, {stored} stored");

    tasks.save(&mut task).await?;
    let stored = store.outbox().of(&task).await?.len();
    assert_eq!((task.pending_events().len(), stored), (0, 2));
    assert!(tasks.find(task.id()).await?.is_some_and(|task| task.done));
    println!("saved again: 0 events pending, {stored} stored");
    Ok(())
}
