//! The task that the benches of the stores save: derived, and the same by hand.

use timestamp_core::{EpochMs, Timestamped, Timestamps};
use uuid::Uuid;

use crate::clock_read::clock_read;

/// The entity.
#[derive(Clone, Debug, Timestamped)]
#[timestamped(table = "tasks")]
pub struct Task {
    #[timestamped(id)]
    id: Uuid,
    title: String,
    done: bool,
    priority: i64,
    timestamps: Timestamps,
}

impl Task {
    /// Returns a new task.
    ///
    /// # Panics
    ///
    /// Never: it has no invariants.
    #[must_use]
    pub fn new(priority: i64) -> Self {
        let title = title(priority);
        Self::create(|timestamps| Self { id: Uuid::now_v7(), title, done: false, priority, timestamps })
            .expect("a task without invariants is valid")
    }

    /// The change that is saved.
    pub fn toggle(&mut self) {
        self.done = !self.done;
        self.touch("toggled");
    }

    /// Returns what a load is checked by.
    #[must_use]
    pub fn priority(&self) -> i64 {
        self.priority
    }
}

fn title(priority: i64) -> String {
    format!("task number {priority} of the bench")
}

/// The same by hand.
#[derive(Clone, Debug)]
pub struct TaskByHand {
    /// The id.
    pub id: Uuid,
    pub(crate) title: String,
    pub(crate) done: bool,
    pub(crate) priority: i64,
    pub(crate) created_at_ms: i64,
    pub(crate) updated_at_ms: i64,
    pub(crate) version: i64,
    pub(crate) stored_version: i64,
}

impl TaskByHand {
    /// Returns a new task.
    #[must_use]
    pub fn new(priority: i64) -> Self {
        let now = clock_read();
        Self {
            id: Uuid::now_v7(),
            title: title(priority),
            done: false,
            priority,
            created_at_ms: now,
            updated_at_ms: now,
            version: 1,
            stored_version: 0,
        }
    }

    /// The change that is saved.
    pub fn toggle(&mut self) {
        self.done = !self.done;
        self.updated_at_ms = clock_read().max(self.updated_at_ms);
        self.version += 1;
    }

    /// Returns what a load is checked by.
    #[must_use]
    pub fn priority(&self) -> i64 {
        self.priority
    }
}

/// What a save by hand says of the last change.
pub(crate) struct EventByHand {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) event_type: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) payload: String,
}

impl TaskByHand {
    pub(crate) fn event(&self) -> EventByHand {
        let (kind, event_type, reason) = match self.stored_version {
            0 => ("created", "Task.created", None),
            _ => ("updated", "Task.updated", Some("toggled")),
        };
        let at = EpochMs::from_millis(self.updated_at_ms).expect("a time of this century");
        let payload = match reason {
            None => format!(r#"{{"kind":"created","version":1,"at":"{at}"}}"#),
            Some(reason) => format!(
                r#"{{"kind":"updated","version":{},"reason":"{reason}","at":"{at}","previous_updated_at":"{at}"}}"#,
                self.version
            ),
        };
        EventByHand { id: Uuid::now_v7(), kind, event_type, reason, payload }
    }
}
