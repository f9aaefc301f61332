//! Which task is running, so that one that waits for itself can be told at once.

use std::thread::{self, ThreadId};

/// A task; outside a spawned one (in `main`, in a test) the thread stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskKey {
    Task(tokio::task::Id),
    Thread(ThreadId),
}

impl TaskKey {
    pub(crate) fn current() -> Self {
        tokio::task::try_id().map_or_else(|| Self::Thread(thread::current().id()), Self::Task)
    }
}
