//! From nothing to stored events. This is the README's code; a test keeps the two equal, and at most 26 lines long.
//!
//! You will see the two events of one task, as they are stored beside its row.
//!
//! ```text
//! $ cargo run --example quickstart
//! 2026-11-20T12:00:00.000Z Task.created v1 019aa1bc-5d4f-7bb0-9f5e-6f0b9c1d2e3f
//! 2026-11-20T12:00:00.000Z Task.updated v2 019aa1bc-5d4f-7bb0-9f5e-6f0b9c1d2e3f (renamed)
//! ```

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::Sqlite;

#[derive(Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    #[timestamped(id)]
    id: uuid::Uuid,
    title: String,
    timestamps: Timestamps,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Sqlite::in_memory().await?; // or `Sqlite::open("tasks.db")`
    let tasks = store.repository::<Task>().await?; // creates the table, or checks that yours fits
    let mut task = Task::create(|timestamps| Task { id: uuid::Uuid::now_v7(), title: "write".into(), timestamps })?;
    task.title = "write the manual".into();
    task.touch("renamed"); // moves `updated_at`, and adds an event that says why
    tasks.save(&mut task).await?; // the row and both events, in one transaction
    let events = store.outbox().of(&task).await?;
    assert_eq!((events.len(), task.pending_events().len()), (2, 0));
    events.iter().for_each(|event| println!("{event}"));
    Ok(())
}
