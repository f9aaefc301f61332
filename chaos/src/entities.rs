//! What the writers save, and what the consumer makes of it.

use timestamp_core::{Clock, Timestamped, Timestamps, ValidationError};
use uuid::Uuid;

/// Each event has the reason that its row has as `last`, so that a row that was stored with the events of another save
/// shows.
#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks")]
pub(crate) struct Task {
    #[timestamped(id)]
    id: Uuid,
    last: String,
    touches: i64,
    timestamps: Timestamps,
}

impl Task {
    /// With two events, since that of the creation has no reason.
    pub(crate) fn new(clock: &Clock, id: Uuid, token: String) -> Result<Self, ValidationError> {
        let build = |timestamps| Self { id, last: String::new(), touches: 0, timestamps };
        let mut task = Self::create_with(clock, build)?;
        task.change(token);
        Ok(task)
    }

    pub(crate) fn change(&mut self, token: String) {
        self.last.clone_from(&token);
        self.touches += 1;
        self.touch(token);
    }
}

/// The consumer's work: one for each event, if its inbox keeps its promise.
#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "receipts")]
pub(crate) struct Receipt {
    #[timestamped(id)]
    id: Uuid,
    event_id: String,
    timestamps: Timestamps,
}

impl Receipt {
    pub(crate) fn new(event_id: Uuid) -> Result<Self, ValidationError> {
        Self::create(|timestamps| Self { id: Uuid::now_v7(), event_id: event_id.to_string(), timestamps })
    }
}
