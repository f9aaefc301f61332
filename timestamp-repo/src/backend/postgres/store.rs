//! `Postgres`: a database that was connected to.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Pool, QueueMode};
use rustc_hash::FxBuildHasher;
use timestamp_core::__private::Outcome;
use timestamp_core::{Clock, EpochMs, Record, Timestamped};
use tokio::sync::watch;
use tokio_postgres::Client;
use uuid::Uuid;

use super::failure::Failure;
use super::finds::{self, Finds};
use super::finish::Finishing;
use super::group::{self, Groups};
use super::holder::Holders;
use super::migrations::BEGIN_ALONE;
use super::options::PostgresOptions;
use super::row::Loading;
use super::schema::{self, Found};
use super::session::Session;
use super::sessions::{self, Loan, Sessions};
use super::signals::Signals;
use super::suspect::Suspects;
use super::table::Table;
use super::unit::PostgresUnit;
use super::url::{self, Target};
use super::write::{self, Job, collect};
use super::{batch, connecting, inbox, read, touch};
use crate::backend::{Backend, BulkTouch, Query};
use crate::error::{
    BackendError, BeginError, Busy, CommitError, ConnectError, FindError, RepositoryError, SaveAllError, SaveError,
};
use crate::outbox::{EventQuery, Outbox, StoredEvent};
use crate::page::Selected;
use crate::relay::{Parking, RelayError, RunningRelay, Sink};
use crate::repository::Repository;
use crate::save::{Change, Entrusted, Written};
use crate::store::{self, Store};
use crate::unit_of_work::UnitOfWork;

/// A store in a PostgreSQL database, version 13 or later. Cheap to clone; its connections are closed when the last clone,
/// and everything made from it, is gone.
///
/// It needs a Tokio runtime with its timer and its network. Tables are looked for, and created, where the connection's
/// `search_path` leads.
///
/// # Example
///
/// ```no_run
/// use timestamp_core::{Timestamped, Timestamps};
/// use timestamp_repo::Postgres;
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
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Postgres::connect("postgres://ada:secret@localhost:5432/app").await?;
/// let counters = store.repository::<Counter>().await?;
/// let mut counter = Counter::create(|timestamps| Counter { id: 1, count: 0, timestamps })?;
/// counters.save(&mut counter).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Postgres {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool<Sessions>,
    tables: RwLock<HashMap<TypeId, Arc<Table>, FxBuildHasher>>,
    together: RwLock<HashMap<TypeId, Arc<Together>, FxBuildHasher>>,
    holders: Holders,
    suspects: Arc<Suspects>,
    signals: Arc<Signals>,
    options: PostgresOptions,
    target: Target,
}

/// How callers of one table that come at the same time travel.
struct Together {
    groups: Arc<Groups>,
    finds: Arc<Finds>,
}

impl Postgres {
    /// Connects to the database that `url` names, such as `postgres://user:password@host:5432/database`, and creates the
    /// framework's tables if they are missing.
    ///
    /// `sslmode` is `prefer` unless the URL says otherwise: TLS where the server offers it. With `require` or
    /// `verify-full` the server's certificate must be valid for its name; `sslrootcert` names a file of further
    /// authorities.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] names the server and the cause, and never the password.
    pub async fn connect(url: impl AsRef<str>) -> Result<Self, ConnectError> {
        Self::options().connect(url).await
    }

    /// Returns options: clock, pool size, timeouts, application name, certificates, read-only, rebase.
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    pub(super) async fn connect_with(url: &str, options: PostgresOptions) -> Result<Self, ConnectError> {
        let target = url::parse(url, &options).map_err(|message| ConnectError::Url { message })?;
        let suspects = Arc::<Suspects>::default();
        let sessions = Sessions::new(&target, &options, &suspects)?;
        connecting::set_up(&sessions, &target, &options).await?;
        let pool = Pool::builder(sessions)
            .max_size(options.pool_size)
            // The one that was used last: its process has the most in its caches, and what few callers need stays few.
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(options.lock_timeout))
            .runtime(Runtime::Tokio1)
            .build();
        let pool = pool.map_err(|error| ConnectError::Backend {
            server: target.server.to_string(),
            source: BackendError::because("the pool could not be made", error),
        })?;
        let (tables, together, holders) = (RwLock::default(), RwLock::default(), Holders::default());
        let signals = Signals::new();
        Ok(Self { inner: Arc::new(Inner { pool, tables, together, holders, suspects, signals, options, target }) })
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
    /// None on PostgreSQL, where the transaction begins with the first write.
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
    /// parked, see [`parking`](Self::parking). Where the same program runs several times, one of them hands over.
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

    pub(super) fn clock(&self) -> &Clock {
        &self.inner.options.clock
    }

    /// What an entity is loaded with that nobody is writing, as far as a reader sees.
    pub(super) fn loading(&self) -> Loading<'_> {
        Loading { clock: &self.inner.options.clock, transaction: None }
    }

    pub(super) fn holders(&self) -> &Holders {
        &self.inner.holders
    }

    pub(super) fn lock_timeout(&self) -> Duration {
        self.inner.options.lock_timeout
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.inner.options.read_only
    }

    #[cfg(feature = "test-util")]
    pub(super) fn faults(&self) -> &crate::testing::Faults {
        &self.inner.options.faults
    }

    /// A relay of this name is led from here.
    pub(super) fn leads(&self, relay: &str, holder: Uuid) {
        self.inner.signals.leads(relay, holder);
    }

    /// Returns what changes whenever events may have been stored.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.inner.signals.listen(|| self.inner.pool.manager().line())
    }

    pub(super) async fn reader(&self) -> Result<Loan, FindError> {
        sessions::reader(&self.inner.pool).await
    }

    pub(super) async fn writer(&self) -> Result<Loan, SaveError> {
        sessions::writer(&self.inner.pool).await
    }

    fn together<E: Record>(&self, table: &Table) -> Arc<Together> {
        let known = self.inner.together.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<E>()).cloned();
        known.unwrap_or_else(|| {
            let mut all = self.inner.together.write().unwrap_or_else(PoisonError::into_inner);
            let made = || {
                let groups = Arc::new(Groups::of::<E>(self, table));
                Arc::new(Together { groups, finds: Arc::new(Finds::of::<E>(table)) })
            };
            Arc::clone(all.entry(TypeId::of::<E>()).or_insert_with(made))
        })
    }

    async fn session(&self) -> Result<Loan, RepositoryError> {
        sessions::take(&self.inner.pool).await.map_err(|error| RepositoryError::Backend(sessions::no_session(error)))
    }

    async fn create_table<E: Record>(&self, session: &Session) -> Result<Table, RepositoryError> {
        session.batch(BEGIN_ALONE).await.map_err(repository_error)?;
        // Another program may have been quicker.
        let created = match schema::check::<E>(session).await {
            Ok(Found::Nothing) => match schema::create::<E>(session).await {
                Ok(()) => Ok(Found::Fits(Box::new(schema::created::<E>()))),
                Err(failure) => Err(failure),
            },
            other => other,
        };
        let ended = session.batch(if created.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
        if ended.is_err() {
            session.retire();
        }
        let found = created.map_err(repository_error)?;
        ended.map_err(repository_error)?;
        fitting::<E>(found)?.ok_or_else(|| RepositoryError::Missing { table: E::TABLE.to_owned() })
    }
}

fn repository_error(failure: Failure) -> RepositoryError {
    if failure.is_busy() {
        return RepositoryError::Busy(Busy { unit: None, same_task: false });
    }
    RepositoryError::Backend(failure.into_backend())
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

impl Backend for Postgres {
    type Table = Table;
    type Unit = PostgresUnit;

    async fn open_table<E: Record>(&self) -> Result<Arc<Table>, RepositoryError> {
        let session = self.session().await?;
        let found = schema::check::<E>(&session).await.map_err(repository_error)?;
        let table = match fitting::<E>(found)? {
            Some(table) => table,
            None if self.is_read_only() => return Err(RepositoryError::Missing { table: E::TABLE.to_owned() }),
            None => self.create_table::<E>(&session).await?,
        };
        let mut tables = self.inner.tables.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(tables.entry(TypeId::of::<E>()).or_insert_with(|| Arc::new(table))))
    }

    fn known_table<E: Record>(&self) -> Option<Arc<Table>> {
        let tables = self.inner.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(&TypeId::of::<E>()).cloned()
    }

    async fn write<E: Record>(&self, table: &Arc<Table>, entity: &mut E, change: Change) -> Result<Written, SaveError> {
        write::read_only(self)?;
        let row = (change.entity_type, &*change.entity_id);
        self.holders().same_task(row, None)?;
        let (values, digest) = collect(table, entity, &change)?;
        let (change, outcome) = (Arc::new(change), Outcome::in_flight());
        let job = Job { table: Arc::clone(table), change: Arc::clone(&change), values };
        let entrusted = Entrusted::new(entity, &change, &outcome, digest);
        let mut answer = group::write(self, &self.together::<E>(table).groups, job, &outcome).await;
        if let Err(SaveError::Busy(busy)) = &mut answer {
            *busy = self.holders().busy((change.entity_type, &change.entity_id), None);
        }
        entrusted.conclude(&answer);
        answer
    }

    async fn save_all<E: Record>(&self, table: &Arc<Table>, entities: &mut [E]) -> Result<(), SaveAllError> {
        batch::save_all(self, table, entities).await
    }

    async fn touch_all<E: Record>(&self, table: &Arc<Table>, touch: BulkTouch) -> Result<u64, SaveError> {
        write::read_only(self)?;
        let others = self.holders().of_type(E::ENTITY_TYPE, None);
        let session = self.writer().await?;
        let (store, table) = (self.clone(), Arc::clone(table));
        Finishing::new(async move {
            let begun = session.batch("BEGIN").await;
            let touched = match begun {
                Ok(()) => {
                    let now = store.clock().now();
                    touch::touch_rows(&session, &table, E::ENTITY_TYPE, &touch, now, &others).await
                }
                Err(failure) => Err(failure.into_save_error(false)),
            };
            batch::end_touch(&store, &session, touched).await
        })
        .await
    }

    async fn find<E: Record>(&self, table: &Arc<Table>, id: &E::Id) -> Result<Option<E>, FindError> {
        let Some(id) = read::id_value::<E>(id) else { return Ok(None) };
        finds::find(self, &self.together::<E>(table).finds, table, id).await
    }

    async fn select<E: Record>(&self, table: &Arc<Table>, query: Query) -> Result<Selected<E>, FindError> {
        let session = self.reader().await?;
        read::select(&session, table, &query, self.loading()).await
    }

    async fn end_doubts(&self) -> Result<(), FindError> {
        if self.inner.suspects.is_empty() {
            return Ok(());
        }
        let session = self.reader().await?;
        self.inner.suspects.end(&session).await
    }

    fn stored(&self) {
        self.inner.signals.stored(|| self.inner.pool.weak());
    }

    async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, FindError> {
        let session = self.reader().await?;
        read::events(&session, &query).await
    }

    async fn begin_unit(
        &self,
        outcome: Arc<Outcome>,
        begun_at: &'static Location<'static>,
    ) -> Result<PostgresUnit, BeginError> {
        Ok(PostgresUnit::new(self.clone(), outcome, begun_at))
    }

    async fn unit_write<E: Record>(
        unit: &mut PostgresUnit,
        table: &Arc<Table>,
        entity: &mut E,
        change: Change,
    ) -> Result<Written, SaveError> {
        unit.write(table, entity, change).await
    }

    async fn unit_touch_all<E: Record>(
        unit: &mut PostgresUnit,
        table: &Arc<Table>,
        touch: BulkTouch,
    ) -> Result<u64, SaveError> {
        unit.touch_all::<E>(table, &touch).await
    }

    async fn unit_find<E: Record>(
        unit: &mut PostgresUnit,
        table: &Arc<Table>,
        id: &E::Id,
    ) -> Result<Option<E>, FindError> {
        unit.find(table, id).await
    }

    async fn unit_select<E: Record>(
        unit: &mut PostgresUnit,
        table: &Arc<Table>,
        query: Query,
    ) -> Result<Selected<E>, FindError> {
        unit.select(table, &query).await
    }

    async fn unit_accept(unit: &mut PostgresUnit, consumer: &str, event_id: Uuid) -> Result<bool, SaveError> {
        unit.accept(consumer, event_id).await
    }

    fn unit_give_up(unit: &mut PostgresUnit) {
        unit.give_up();
    }

    async fn prune_inbox(&self, consumer: &str, before: EpochMs, limit: u32) -> Result<u64, SaveError> {
        inbox::prune(self, consumer, before, limit).await
    }

    async fn unit_commit(unit: PostgresUnit) -> Result<(), CommitError> {
        unit.commit().await
    }
}

impl Store for Postgres {}

impl UnitOfWork<Postgres> {
    /// Returns the connection inside the unit's transaction, for SQL of your own.
    ///
    /// What it writes is stored with the rest, when the unit commits. An error in your SQL ends the transaction, unless
    /// you put a savepoint around it. Do not end the transaction yourself: a COMMIT or ROLLBACK of your own is noticed at
    /// the next call, and then the unit is over. Settings, temporary tables and the like are gone when the unit ends.
    ///
    /// # Errors
    ///
    /// [`SaveError::Busy`] if no connection is free, [`SaveError::Backend`] if this unit is over.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn example(store: timestamp_repo::Postgres) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut unit = store.begin().await?;
    /// let connection = unit.connection().await?;
    /// connection.execute("INSERT INTO notes VALUES ($1)", &[&"in the same transaction"]).await?;
    /// unit.commit().await?;
    /// # Ok(()) }
    /// ```
    pub async fn connection(&mut self) -> Result<&Client, SaveError> {
        self.unit.connection().await
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("server", &format_args!("{}", self.inner.target.server))
            .field("read_only", &self.inner.options.read_only)
            .finish_non_exhaustive()
    }
}
