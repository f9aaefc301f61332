//! `Sqlite`: an open database file.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use timestamp_core::{Record, Timestamped};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::checkpoint::{Checkpointer, Checkpoints};
use super::failure::InFile as _;
use super::group::Queue;
use super::options::{Durability, SqliteOptions};
use super::read::{ActiveReads, Reader, Readers};
use super::row::Loading;
use super::table::Table;
use super::writer::{Holder, Writer};
use crate::error::{BackendError, BeginError, FindError, OpenError, RepositoryError, SaveError};
use crate::outbox::Outbox;
use crate::relay::{Parking, RelayError, RunningRelay, Sink};
use crate::repository::Repository;
use crate::store::{self, Store};
use crate::unit_of_work::UnitOfWork;

/// A store in one SQLite file. Cheap to clone; the file is closed when the last clone, and everything made from it, is
/// gone.
///
/// It needs a Tokio runtime with its timer. The file is in WAL mode: two more files, `-wal` and `-shm`, stand beside it
/// while it is open. Several programs may have it open at once.
///
/// # Example
///
/// ```
/// use timestamp_core::{Timestamped, Timestamps};
/// use timestamp_repo::Sqlite;
///
/// #[derive(Timestamped)]
/// #[timestamped(table = "counters")]
/// struct Counter {
///     #[timestamped(id)]
///     id: i64,
///     count: i64,
///     timestamps: Timestamps,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = Sqlite::in_memory().await?;
/// let counters = store.repository::<Counter>().await?;
/// let mut counter = Counter::create(|timestamps| Counter { id: 1, count: 0, timestamps })?;
/// counters.save(&mut counter).await?;
/// counter.count += 1;
/// counter.touch("counted");
/// counters.save(&mut counter).await?;
/// assert_eq!(store.outbox().of(&counter).await?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Sqlite {
    pub(super) inner: Arc<Inner>,
}

// The fields are dropped in this order: the readers close first, because the last connection to close moves the log into
// the file and removes it, which one that only reads can not do; the threads end before the writer closes, and that
// before the folder of a temporary database is removed.
pub(super) struct Inner {
    pub(super) readers: Readers,
    pub(super) write: Option<Write>,
    pub(super) reads: Arc<ActiveReads>,
    pub(super) tables: RwLock<HashMap<TypeId, Arc<Table>>>,
    pub(super) holder: Holder,
    /// How often something was stored, for relays.
    pub(super) stored: watch::Sender<u64>,
    pub(super) options: SqliteOptions,
    pub(super) path: PathBuf,
    pub(super) _temporary: Option<TempDir>,
}

/// What a store has that was opened for writing.
pub(super) struct Write {
    pub(super) queue: Queue,
    pub(super) checkpoints: Arc<Checkpoints>,
    pub(super) writer: Arc<Mutex<Writer>>,
    // Last: its thread ends when every `Checkpoints` is gone.
    pub(super) _checkpointer: Checkpointer,
}

impl Sqlite {
    /// Opens the database file at `path`, and creates it if it is missing; with [`Durability::Full`] and the system
    /// clock.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names the file and the cause.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::options().open(path).await
    }

    /// Opens a private database that is gone when the store and everything made from it is dropped.
    ///
    /// It is a file in the system's temporary folder, so that it behaves like any other store.
    ///
    /// # Errors
    ///
    /// [`OpenError`], if the temporary folder can not be written to.
    pub async fn in_memory() -> Result<Self, OpenError> {
        Self::options().in_memory().await
    }

    /// Returns options: clock, durability, busy timeout, read-only.
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    pub(super) async fn open_temporary(options: SqliteOptions) -> Result<Self, OpenError> {
        let folder = TempDir::with_prefix("timestamp-").map_err(|error| OpenError::Backend {
            path: std::env::temp_dir(),
            source: BackendError::because("no temporary folder can be made", error),
        })?;
        let path = folder.path().join("store.db");
        Self::open_with(path, options, Some(folder)).await
    }

    pub(super) async fn open_with(
        path: PathBuf,
        options: SqliteOptions,
        temporary: Option<TempDir>,
    ) -> Result<Self, OpenError> {
        let at = path.clone();
        let opened = tokio::task::spawn_blocking(move || Inner::open(path, options, temporary)).await;
        let inner = opened.map_err(|error| OpenError::Backend {
            path: at,
            source: BackendError::because("opening it panicked", error),
        })??;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the repository of one entity type: creates the table if it is missing, refuses one that does not fit.
    ///
    /// # Errors
    ///
    /// [`RepositoryError::Mismatch`] names the table and every column that does not fit.
    pub async fn repository<E: Record>(&self) -> Result<Repository<E, Self>, RepositoryError> {
        Store::repository(self).await
    }

    /// Begins a unit of work: several repositories, one transaction.
    ///
    /// # Errors
    ///
    /// None on SQLite, which begins its transaction at the first write.
    #[track_caller]
    pub fn begin(&self) -> impl Future<Output = Result<UnitOfWork<Self>, BeginError>> + Send + use<> {
        let (store, begun_at) = (self.clone(), Location::caller());
        async move { store::begin(&store, begun_at).await }
    }

    /// Hands the stored events of one entity type to a function of this program, or any other sink, until what is
    /// returned is dropped: after the commit, in order, at least once.
    ///
    /// It is a [`Relay`](crate::Relay) named `subscriber/` and `name`, which goes on where it was when the program starts
    /// again. The first time it begins with the oldest event that is kept. An event that the function can not take is
    /// parked, see [`parking`](Self::parking).
    ///
    /// # Example
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use timestamp_core::{Timestamped, Timestamps};
    /// # use timestamp_repo::{SinkError, Sqlite, StoredEvent};
    /// #[derive(Timestamped)]
    /// #[timestamped(table = "tasks")]
    /// struct Task {
    ///     #[timestamped(id)]
    ///     id: i64,
    ///     timestamps: Timestamps,
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # let store = Sqlite::in_memory().await?;
    /// let mail = store.subscribe::<Task>("mail", |event: Arc<StoredEvent>| async move {
    ///     println!("to whom it may concern: {event}");
    ///     Ok::<_, SinkError>(())
    /// });
    /// // .. the program does its work ..
    /// mail.stop().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn subscribe<E: Timestamped>(&self, name: &str, sink: impl Sink) -> RunningRelay {
        Store::subscribe::<E>(self, name, sink)
    }

    /// Returns the events that the relay of this name has parked.
    #[must_use]
    pub fn parking(&self, relay: impl Into<String>) -> Parking<Self> {
        Store::parking(self, relay)
    }

    /// Forgets a relay that will not run again, with its place and what it has parked, so that retention waits for it no
    /// more. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`RelayError::Backend`], [`RelayError::ReadOnly`]
    pub async fn forget_relay(&self, relay: &str) -> Result<bool, RelayError> {
        Store::forget_relay(self, relay).await
    }

    /// Returns the outbox of this store, for reading.
    #[must_use]
    pub fn outbox(&self) -> Outbox<Self> {
        Store::outbox(self)
    }

    pub(super) fn path(&self) -> &Path {
        &self.inner.path
    }

    /// What an entity is loaded with that nobody is writing, as far as a reader sees.
    pub(super) fn loading(&self) -> Loading<'_> {
        Loading { clock: &self.inner.options.clock, transaction: None }
    }

    pub(super) fn durability(&self) -> Durability {
        self.inner.options.durability
    }

    pub(super) fn busy_timeout(&self) -> Duration {
        self.inner.options.busy_timeout
    }

    pub(super) fn holder(&self) -> &Holder {
        &self.inner.holder
    }

    pub(super) fn reader(&self) -> Result<Reader<'_>, FindError> {
        self.inner.readers.reader()
    }

    pub(super) fn checkpoints(&self) -> &Checkpoints {
        match &self.inner.write {
            Some(write) => &write.checkpoints,
            None => unreachable!("only a store that writes has something to checkpoint"),
        }
    }

    pub(super) fn write_side(&self) -> Result<&Write, SaveError> {
        self.inner.write.as_ref().ok_or(SaveError::ReadOnly)
    }

    /// Waits for the writer, at most for the busy timeout.
    pub(super) async fn lock_writer(&self) -> Result<OwnedMutexGuard<Writer>, SaveError> {
        let writer = Arc::clone(&self.write_side()?.writer);
        if let Ok(guard) = Arc::clone(&writer).try_lock_owned() {
            return Ok(guard);
        }
        self.holder().same_task().map_err(SaveError::Busy)?;
        let waited = tokio::time::timeout(self.busy_timeout(), writer.lock_owned()).await;
        waited.map_err(|_| SaveError::Busy(self.holder().busy()))
    }
}

impl Store for Sqlite {}

impl UnitOfWork<Sqlite> {
    /// Returns the connection inside the unit's transaction, for SQL of your own.
    ///
    /// What it writes is stored with the rest, when the unit commits. Do not end the transaction: a COMMIT or ROLLBACK
    /// of your own is noticed at the next call, and then the unit is over.
    ///
    /// # Errors
    ///
    /// [`SaveError::Busy`] if another unit holds the write lock, [`SaveError::Backend`] if this unit is over.
    ///
    /// # Example
    ///
    /// ```
    /// # use timestamp_repo::Sqlite;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # let store = Sqlite::in_memory().await?;
    /// let mut unit = store.begin().await?;
    /// let connection = unit.connection().await?;
    /// connection.execute("CREATE TABLE notes (text TEXT)", [])?;
    /// connection.execute("INSERT INTO notes VALUES (?1)", ["in the same transaction"])?;
    /// unit.commit().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn connection(&mut self) -> Result<&Connection, SaveError> {
        let path = self.unit.path().to_owned();
        self.unit.connection().await.map_err(|error| error.in_file(&path))
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.inner.path)
            .field("durability", &self.inner.options.durability)
            .field("read_only", &self.inner.options.read_only)
            .finish_non_exhaustive()
    }
}
