//! Faults on demand, for tests of what a program does when an answer is lost.
//!
//! # Example
//!
//! ```
//! use timestamp_repo::Sqlite;
//! use timestamp_repo::testing::Faults;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let faults = Faults::default();
//! let store = Sqlite::options().faults(&faults).in_memory().await?;
//! faults.lose_next_answer(); // the next commit happens, and its caller is told that nobody knows
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A process that dies at a named point
//!
//! With `TIMESTAMP_TEST_ABORT_AT=publish/after:7` in its environment, a process ends at once when it comes to that point
//! for the seventh time: nothing is dropped, flushed or sent any more. The points are before and after each step of a save
//! (`save`, `store`, `commit`) and of a relay (`lease`, `publish`, `keep`, `prune`), on SQLite between row and events
//! (`store/between`), and where an inbox has taken an event (`accept/after`). They may change with any version.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Loses the answers of the store it is given to; see [`SqliteOptions::faults`](crate::SqliteOptions::faults).
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<AtomicU8>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    AnswerLost,
    CommitLost,
}

impl Faults {
    /// The next commit happens, and its answer is lost: [`OutcomeUnknown`](crate::SaveError::OutcomeUnknown), stored.
    pub fn lose_next_answer(&self) {
        self.0.store(1, Ordering::SeqCst);
    }

    /// The next commit is lost on its way: [`OutcomeUnknown`](crate::SaveError::OutcomeUnknown), not stored.
    pub fn lose_next_commit(&self) {
        self.0.store(2, Ordering::SeqCst);
    }

    /// Takes back what was asked for, if no commit has met it yet.
    pub fn lose_nothing(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Whether a commit that comes now meets a fault.
    #[cfg(feature = "postgres")]
    pub(crate) fn are_armed(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    pub(crate) fn take(&self) -> Option<Fault> {
        match self.0.swap(0, Ordering::SeqCst) {
            1 => Some(Fault::AnswerLost),
            2 => Some(Fault::CommitLost),
            _ => None,
        }
    }
}

/// Where this process is to end, and how often it goes past before.
static ABORT_AT: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();

/// Ends the process, if its environment says that it is to end here.
pub(crate) fn point(name: &str) {
    let abort_at = ABORT_AT.get_or_init(|| {
        let wanted = std::env::var("TIMESTAMP_TEST_ABORT_AT").ok()?;
        let (name, times) = wanted.split_once(':')?;
        Some((name.to_owned(), AtomicU64::new(times.parse().ok()?)))
    });
    if let Some((wanted, times)) = abort_at
        && wanted == name
        && times.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
