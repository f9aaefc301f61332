//! How a store is opened.

use std::path::Path;
use std::time::Duration;

use timestamp_core::Clock;

use super::store::Sqlite;
use crate::error::OpenError;

/// What a save waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A save that returned survives the loss of power: its transaction was synced to the disk.
    ///
    /// Saves run on a thread of their own, which commits those that come at the same time together.
    #[default]
    Full,
    /// A save that returned survives the death of the process. After a loss of power the last saves may be missing;
    /// what is there is whole.
    ///
    /// A lone save runs on the caller's thread, in tens of microseconds.
    Normal,
}

/// How to open a store; made by [`Sqlite::options`].
#[derive(Clone, Debug)]
#[must_use = "options open nothing by themselves; call `open`"]
pub struct SqliteOptions {
    pub(super) clock: Clock,
    pub(super) durability: Durability,
    pub(super) busy_timeout: Duration,
    pub(super) read_only: bool,
    #[cfg(feature = "test-util")]
    pub(super) faults: crate::testing::Faults,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            durability: Durability::Full,
            busy_timeout: Duration::from_secs(5),
            read_only: false,
            #[cfg(feature = "test-util")]
            faults: crate::testing::Faults::default(),
        }
    }
}

impl SqliteOptions {
    /// The clock that loaded entities are touched by, and that `recorded_at` is read from. By default the system's.
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// What a save waits for. By default [`Durability::Full`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a write waits for another one before it is [`Busy`](crate::SaveError::Busy). By default 5 seconds.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Opens the store for reading: every write is refused as [`ReadOnly`](crate::SaveError::ReadOnly), nothing is
    /// created or migrated.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Lets a test lose the answers of this store.
    #[cfg(feature = "test-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    pub fn faults(mut self, faults: &crate::testing::Faults) -> Self {
        self.faults = faults.clone();
        self
    }

    /// Opens the database file at `path`, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names the file and the cause.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, OpenError> {
        Sqlite::open_with(path.as_ref().to_owned(), self, None).await
    }

    /// Opens a private database that is gone when the store and everything made from it is dropped.
    ///
    /// It is a file in the system's temporary folder, so that it behaves like any other store.
    ///
    /// # Errors
    ///
    /// [`OpenError`], if the temporary folder can not be written to.
    pub async fn in_memory(self) -> Result<Sqlite, OpenError> {
        Sqlite::open_temporary(self).await
    }
}
