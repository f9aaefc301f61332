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

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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
