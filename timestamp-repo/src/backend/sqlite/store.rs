//! `Sqlite`: an open database file.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tempfile::TempDir;
use timestamp_core::__private::Outcome;
use timestamp_core::Record;
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard, oneshot};

use super::checkpoint::{Checkpointer, Checkpoints};
use super::failure::InFile as _;
use super::group::Queue;
use super::migrations::{self, MigrationError};
use super::options::{Durability, SqliteOptions};
use super::read::{self, ActiveReads, Reader, Readers};
use super::row::{Collector, Loading};
use super::schema::{self, Found};
use super::table::Table;
use super::unit::SqliteUnit;
use super::write::Fields;
use super::writer::{CommitFailure, Holder, Writer};
use super::{batch, connection, failure};
use crate::backend::{Backend, BulkTouch, Query};
use crate::error::{
    BackendError, BackupError, BeginError, CommitError, FindError, OpenError, RepositoryError, SaveAllError, SaveError,
};
use crate::fingerprint::Fingerprint;
use crate::outbox::{EventQuery, Outbox, StoredEvent};
use crate::repository::Repository;
use crate::save::{self, Change, Entrusted, Written};
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
    inner: Arc<Inner>,
}

// The fields are dropped in this order: the readers close first, because the last connection to close moves the log into
// the file and removes it, which one that only reads can not do; the threads end before the writer closes, and that
// before the folder of a temporary database is removed.
struct Inner {
    readers: Readers,
    write: Option<Write>,
    reads: Arc<ActiveReads>,
    tables: RwLock<HashMap<TypeId, Arc<Table>>>,
    holder: Holder,
    options: SqliteOptions,
    path: PathBuf,
    _temporary: Option<TempDir>,
}

/// What a store has that was opened for writing.
pub(super) struct Write {
    queue: Queue,
    checkpoints: Arc<Checkpoints>,
    writer: Arc<Mutex<Writer>>,
    // Last: its thread ends when every `Checkpoints` is gone.
    _checkpointer: Checkpointer,
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

    /// Returns the outbox of this store, for reading.
    #[must_use]
    pub fn outbox(&self) -> Outbox<Self> {
        Store::outbox(self)
    }

    /// Writes a copy of the whole store, as it is at one moment, to a new file. Others read and write on meanwhile.
    ///
    /// # Errors
    ///
    /// [`BackupError::Exists`] if there is something at `path`; a backup never overwrites.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), BackupError> {
        let (store, path) = (self.clone(), path.as_ref().to_owned());
        let at = path.clone();
        let copied = tokio::task::spawn_blocking(move || store.copy_to(path)).await;
        copied.unwrap_or_else(|error| {
            let source = BackendError::because("the copy panicked", error);
            Err(BackupError::Backend { path: at, source })
        })
    }

    fn copy_to(&self, path: PathBuf) -> Result<(), BackupError> {
        // Also a link that leads nowhere.
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path });
        }
        let failed = |path, source| Err(BackupError::Backend { path, source });
        if let Some(why) = no_file(&path).map(str::to_owned).or_else(|| obstacle(&path, true)) {
            return failed(path, BackendError::new(why));
        }
        let reader = match self.reader() {
            Ok(reader) => reader,
            Err(error) => return failed(path, BackendError::because("the store can not be read", error)),
        };
        let Some(target) = path.to_str() else {
            return failed(path, BackendError::new("SQLite needs a path in UTF-8"));
        };
        let _read = self.inner.reads.begin("a backup".to_owned());
        match reader.execute("VACUUM INTO ?1", [target]) {
            Ok(_) => Ok(()),
            Err(error) => failed(path, failure::backend(error)),
        }
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

    /// Runs work that needs the writer for itself on the thread that writes. The work begins and ends its own
    /// transaction.
    pub(super) async fn exclusive<T, F>(&self, work: F) -> Result<T, SaveError>
    where
        T: Send + 'static,
        F: FnOnce(&Writer) -> Result<T, SaveError> + Send + 'static,
    {
        self.queue_exclusive(work)?.wait(self).await.map_err(|error| error.in_file(&self.inner.path))
    }

    pub(super) fn queue_exclusive<T, F>(&self, work: F) -> Result<Queued<T>, SaveError>
    where
        T: Send + 'static,
        F: FnOnce(&Writer) -> Result<T, SaveError> + Send + 'static,
    {
        let write = self.write_side()?;
        self.holder().same_task().map_err(SaveError::Busy)?;
        let (begin, begun) = oneshot::channel::<()>();
        let (reply, answer) = oneshot::channel();
        write.queue.exclusive(Box::new(move |writer| {
            if begin.send(()).is_ok() {
                let _ = reply.send(work(writer));
            }
        }));
        Ok(Queued { begun, answer })
    }

    /// Writes a copy of the entity's row, on the thread that writes.
    async fn write_queued<E: Record>(
        &self,
        table: &Arc<Table>,
        entity: &mut E,
        change: Change,
    ) -> Result<Written, SaveError> {
        let write = self.write_side()?;
        self.holder().same_task().map_err(SaveError::Busy)?;
        let mut columns = Collector::of::<E>();
        entity.encode(&mut columns).map_err(|error| save::invalid_column::<E>(&error))?;
        let (change, outcome) = (Arc::new(change), Outcome::in_flight());
        let entrusted = Entrusted::new(entity, &change, &outcome, columns.digest());
        let ticket = write.queue.save(table, &change, columns.values, &outcome);
        let answer = ticket.wait(self.busy_timeout()).await;
        let answer = answer.unwrap_or_else(|| Err(SaveError::Busy(self.holder().busy())));
        entrusted.conclude(&answer);
        answer.map_err(|error| error.in_file(&self.inner.path))
    }
}

/// Work on its way to the thread that writes. It begins only if its caller still waits, and the caller gives up only
/// while it has not begun.
pub(super) struct Queued<T> {
    begun: oneshot::Receiver<()>,
    answer: oneshot::Receiver<Result<T, SaveError>>,
}

impl<T> Queued<T> {
    pub(super) async fn wait(mut self, store: &Sqlite) -> Result<T, SaveError> {
        if tokio::time::timeout(store.busy_timeout(), &mut self.begun).await.is_err() {
            self.begun.close();
            if self.begun.try_recv().is_err() {
                return Err(SaveError::Busy(store.holder().busy()));
            }
        }
        self.answer.await.unwrap_or(Err(SaveError::OutcomeUnknown))
    }
}

/// The writer, in a transaction that is not left open if the user's code panics while the row is written.
struct OpenTransaction<'w>(MutexGuard<'w, Writer>);

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        self.0.rollback();
    }
}

/// Writes a change here and now, if nobody else is at it. `None` if somebody is.
fn write_inline<E: Record>(
    write: &Write,
    table: &Table,
    entity: &mut E,
    change: &Change,
) -> Option<Result<Written, SaveError>> {
    let writer = write.writer.try_lock().ok()?;
    match writer.try_begin() {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return Some(Err(error)),
    }
    let open = OpenTransaction(writer);
    let answer = open.0.finish_alone(table, change, &Fields(&*entity));
    drop(open);
    let digest = match &answer {
        Ok(Written::Now { digest }) => {
            write.checkpoints.note(change.pages());
            *digest
        }
        Err(SaveError::OutcomeUnknown) => Fingerprint::of(entity).unwrap_or_default(),
        Ok(Written::Before { .. }) | Err(_) => 0,
    };
    save::conclude(entity, change, &answer, digest);
    Some(answer)
}

impl Backend for Sqlite {
    type Table = Table;
    type Unit = SqliteUnit;

    async fn open_table<E: Record>(&self) -> Result<Arc<Table>, RepositoryError> {
        let store = self.clone();
        let opened = tokio::task::spawn_blocking(move || store.inner.open_table::<E>()).await;
        let failed = |error| RepositoryError::Backend(BackendError::because("opening the table panicked", error));
        let found = opened.map_err(failed)?.map_err(|error| error.in_file(&self.inner.path))?;
        let table = match found {
            Some(table) => table,
            None => self.create_table::<E>().await?,
        };
        let mut tables = self.inner.tables.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(tables.entry(TypeId::of::<E>()).or_insert_with(|| Arc::new(table))))
    }

    fn known_table<E: Record>(&self) -> Option<Arc<Table>> {
        let tables = self.inner.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(&TypeId::of::<E>()).cloned()
    }

    async fn write<E: Record>(&self, table: &Arc<Table>, entity: &mut E, change: Change) -> Result<Written, SaveError> {
        let write = self.write_side()?;
        if self.durability() == Durability::Normal
            && let Some(answer) = write_inline(write, table, entity, &change)
        {
            return answer.map_err(|error| error.in_file(&self.inner.path));
        }
        self.write_queued(table, entity, change).await
    }

    async fn save_all<E: Record>(&self, table: &Arc<Table>, entities: &mut [E]) -> Result<(), SaveAllError> {
        batch::save_all(self, table, entities).await.map_err(|error| error.in_file(&self.inner.path))
    }

    async fn touch_all<E: Record>(&self, table: &Arc<Table>, touch: BulkTouch) -> Result<u64, SaveError> {
        let (table, timeout) = (Arc::clone(table), self.busy_timeout());
        let count = self
            .exclusive(move |writer| {
                writer.begin_waiting(timeout)?;
                let touched = writer.touch_in_savepoint(&table, E::ENTITY_TYPE, &touch);
                let committed = touched.and_then(|count| match writer.commit() {
                    Ok(()) => Ok(count),
                    Err(CommitFailure::Unknown) => Err(SaveError::OutcomeUnknown),
                    Err(CommitFailure::NotStored(error)) => Err(failure::save_error(error)),
                });
                writer.rollback();
                committed
            })
            .await?;
        self.checkpoints().note(4 * count);
        Ok(count)
    }

    async fn find<E: Record>(&self, table: &Arc<Table>, id: &E::Id) -> Result<Option<E>, FindError> {
        let found = self.reader().and_then(|reader| read::find(&reader, table, id, self.loading()));
        found.map_err(|error| error.in_file(&self.inner.path))
    }

    async fn select<E: Record>(&self, table: &Arc<Table>, query: Query) -> Result<Vec<E>, FindError> {
        let (store, table) = (self.clone(), Arc::clone(table));
        blocking(move || {
            let _read = store.inner.reads.begin(format!("a search of `{}`", E::TABLE));
            let found = store.reader().and_then(|reader| read::select(&reader, &table, &query, store.loading()));
            found.map_err(|error| error.in_file(&store.inner.path))
        })
        .await
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, FindError> {
        let store = self.clone();
        blocking(move || {
            let _read = store.inner.reads.begin("reading the outbox".to_owned());
            let found = store.reader().and_then(|reader| read::events(&reader, &query));
            found.map_err(|error| error.in_file(&store.inner.path))
        })
        .await
    }

    async fn begin_unit(
        &self,
        outcome: Arc<Outcome>,
        begun_at: &'static Location<'static>,
    ) -> Result<SqliteUnit, BeginError> {
        Ok(SqliteUnit::new(self.clone(), outcome, begun_at))
    }

    async fn unit_write<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        entity: &mut E,
        change: Change,
    ) -> Result<Written, SaveError> {
        unit.write(table, entity, &change).await.map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_touch_all<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        touch: BulkTouch,
    ) -> Result<u64, SaveError> {
        unit.touch_all::<E>(table, &touch).await.map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_find<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        id: &E::Id,
    ) -> Result<Option<E>, FindError> {
        unit.find(table, id).map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_select<E: Record>(
        unit: &mut SqliteUnit,
        table: &Arc<Table>,
        query: Query,
    ) -> Result<Vec<E>, FindError> {
        unit.select(table, &query).map_err(|error| error.in_file(unit.path()))
    }

    async fn unit_commit(unit: SqliteUnit) -> Result<(), CommitError> {
        let path = unit.path().to_owned();
        unit.commit().await.map_err(|error| error.in_file(&path))
    }
}

impl Store for Sqlite {}

/// Runs a read that may take long where it blocks no executor.
async fn blocking<T, F>(read: F) -> Result<T, FindError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, FindError> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(read).await;
    done.unwrap_or_else(|error| Err(FindError::Backend(BackendError::because("the read panicked", error))))
}

impl Sqlite {
    async fn create_table<E: Record>(&self) -> Result<Table, RepositoryError> {
        let timeout = self.busy_timeout();
        let created = self
            .exclusive(move |writer| {
                writer.begin_waiting(timeout)?;
                // Another program may have created it since it was looked for.
                let connection = writer.connection();
                let created = match schema::check::<E>(connection) {
                    Ok(Found::Nothing) => {
                        schema::create::<E>(connection).map(|()| Found::Fits(Box::new(Table::new::<E>(Vec::new()))))
                    }
                    other => other,
                };
                let created = created.map_err(failure::save_error).and_then(|found| match writer.commit() {
                    Ok(()) => Ok(found),
                    Err(CommitFailure::Unknown) => Err(SaveError::OutcomeUnknown),
                    Err(CommitFailure::NotStored(error)) => Err(failure::save_error(error)),
                });
                writer.rollback();
                created
            })
            .await;
        match created {
            Ok(found) => fitting::<E>(found)?.ok_or_else(|| RepositoryError::Missing { table: E::TABLE.to_owned() }),
            Err(SaveError::Busy(busy)) => Err(RepositoryError::Busy(busy)),
            Err(SaveError::Backend(error)) => Err(RepositoryError::Backend(error)),
            Err(other) => Err(RepositoryError::Backend(BackendError::because("the table could not be created", other))),
        }
    }
}

fn fitting<E: Record>(found: Found) -> Result<Option<Table>, RepositoryError> {
    match found {
        Found::Nothing => Ok(None),
        Found::Fits(table) => Ok(Some(*table)),
        Found::Problems(problems) => {
            Err(RepositoryError::Mismatch { table: E::TABLE.to_owned(), entity: E::ENTITY_TYPE, problems })
        }
    }
}

impl Inner {
    fn open(path: PathBuf, options: SqliteOptions, temporary: Option<TempDir>) -> Result<Self, OpenError> {
        if let Some(why) = no_file(&path) {
            return Err(OpenError::Backend { path, source: BackendError::new(why) });
        }
        // Readers open the file later, when the program may stand in another folder.
        let path = std::path::absolute(&path).unwrap_or(path);
        let readers = Readers::new(path.clone(), options.busy_timeout);
        let reads = Arc::new(ActiveReads::default());
        let write = if options.read_only {
            check_read_only(&path, &options)?;
            None
        } else {
            Some(Write::open(&path, &options, &reads)?)
        };
        Ok(Self {
            write,
            readers,
            reads,
            tables: RwLock::default(),
            holder: Holder::default(),
            options,
            path,
            _temporary: temporary,
        })
    }

    /// Checks the entity's table; nothing, if it is to be created.
    fn open_table<E: Record>(&self) -> Result<Option<Table>, RepositoryError> {
        let backend = |error| RepositoryError::Backend(failure::backend(error));
        let reader = self
            .readers
            .reader()
            .map_err(|error| RepositoryError::Backend(BackendError::because("the store can not be read", error)))?;
        let found = fitting::<E>(schema::check::<E>(&reader).map_err(backend)?)?;
        if found.is_none() && self.write.is_none() {
            return Err(RepositoryError::Missing { table: E::TABLE.to_owned() });
        }
        Ok(found)
    }
}

impl Write {
    fn open(path: &Path, options: &SqliteOptions, reads: &Arc<ActiveReads>) -> Result<Self, OpenError> {
        if let Some(why) = obstacle(path, true) {
            return Err(OpenError::Backend { path: path.to_owned(), source: BackendError::new(why) });
        }
        let writer = Writer::open(path, options).map_err(|error| open_error(path, error))?;
        migrate(&writer, path, options)?;
        let writer = Arc::new(Mutex::new(writer));
        let (checkpointer, checkpoints) =
            Checkpointer::start(path, options.durability, Arc::clone(&writer), Arc::clone(reads))
                .map_err(|error| open_error(path, error))?;
        let queue = Queue::start(Arc::clone(&writer), Arc::clone(&checkpoints), options.busy_timeout);
        let queue = queue.map_err(|error| OpenError::Backend {
            path: path.to_owned(),
            source: BackendError::because("the thread that writes can not be started", error),
        })?;
        Ok(Self { queue, checkpoints, writer, _checkpointer: checkpointer })
    }
}

fn migrate(writer: &Writer, path: &Path, options: &SqliteOptions) -> Result<(), OpenError> {
    let failed = |error: SaveError| match error {
        SaveError::ReadOnly => OpenError::ReadOnlyFile {
            path: path.to_owned(),
            source: BackendError::new("the file or its folder is read-only"),
        },
        other => OpenError::Backend {
            path: path.to_owned(),
            source: BackendError::because("the framework tables can not be migrated", other),
        },
    };
    writer.begin_waiting(options.busy_timeout).map_err(failed)?;
    if let Err(error) = migrations::apply(writer.connection(), writer.clock().now()) {
        writer.rollback();
        return Err(migration_error(path, error));
    }
    writer.commit().map_err(|failure| match failure {
        CommitFailure::NotStored(error) => open_error(path, error),
        CommitFailure::Unknown => failed(SaveError::OutcomeUnknown),
    })
}

fn check_read_only(path: &Path, options: &SqliteOptions) -> Result<(), OpenError> {
    if let Some(why) = obstacle(path, false) {
        return Err(OpenError::Backend { path: path.to_owned(), source: BackendError::new(why) });
    }
    // A reader keeps its place in the log in a file beside the database, and may have to create it.
    let open_error = |path: &Path, error| {
        if failure::is_read_only(&error) || failure::code(&error) == Some(ErrorCode::CannotOpen) {
            let what = "its folder can not be written to, and readers need a `-shm` file there: copy it elsewhere";
            return OpenError::Backend { path: path.to_owned(), source: BackendError::because(what, error) };
        }
        open_error(path, error)
    };
    let reader = connection::open_reader(path, options.busy_timeout).map_err(|error| open_error(path, error))?;
    match migrations::check(&reader) {
        Ok(version) if version == migrations::VERSION => Ok(()),
        Ok(_) => Err(OpenError::NotMigrated { path: path.to_owned(), expected: migrations::VERSION }),
        Err(MigrationError::Sql(error)) => Err(open_error(path, error)),
        Err(error) => Err(migration_error(path, error)),
    }
}

fn migration_error(path: &Path, error: MigrationError) -> OpenError {
    match error {
        MigrationError::Sql(error) => open_error(path, error),
        MigrationError::Different(message) => OpenError::Migration { path: path.to_owned(), message },
    }
}

/// Says why SQLite would take this path for something else than a file.
fn no_file(path: &Path) -> Option<&'static str> {
    match path.as_os_str().as_encoded_bytes() {
        b"" => Some("the path is empty"),
        b":memory:" => Some("a database in memory is opened with `Sqlite::in_memory()`"),
        [b'f', b'i', b'l', b'e', b':', ..] => Some("give a path, and no URI"),
        _ => None,
    }
}

/// What stands in the way of opening a file, where SQLite only says that it can not.
fn obstacle(path: &Path, create: bool) -> Option<String> {
    if path.is_dir() {
        return Some("it is a folder".to_owned());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    if !folder.exists() {
        return Some(format!("the folder `{}` does not exist", folder.display()));
    }
    (!create && !path.exists()).then(|| "it does not exist, and a read-only store creates nothing".to_owned())
}

fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    if failure::is_damaged(&error) {
        OpenError::NotADatabase { path, source: failure::backend(error) }
    } else if failure::is_read_only(&error) {
        OpenError::ReadOnlyFile { path, source: failure::backend(error) }
    } else {
        OpenError::Backend { path, source: failure::backend(error) }
    }
}

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
