//! A task saved with its event on PostgreSQL: by the repository, and by hand.
//!
//! By hand means: `tokio-postgres`, prepared statements, a pool of as many connections, the same two tables, the same two
//! rows with the same values, a version check. A save is one statement, which is one round trip and one commit; a batch
//! is copied in in binary form. It is what a careful developer writes who has no framework.
//!
//! The server is the one that `TIMESTAMP_TEST_POSTGRES` names; `scripts/services` starts one. It must be on this machine
//! where processor time is measured.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use timestamp_core::Timestamped;
use timestamp_repo::{Postgres, Repository};
use tokio::sync::{OnceCell, Semaphore};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::clock_read::clock_read;
use crate::processor;
use crate::task::{EventByHand, Task, TaskByHand};

/// Connections of either way: as many as a store has by default.
pub const CONNECTIONS: usize = 16;

/// Returns the URL of the server, if there is one.
#[must_use]
pub fn server() -> Option<String> {
    std::env::var("TIMESTAMP_TEST_POSTGRES").ok()
}

/// When a commit is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// After it is on the disk: `synchronous_commit = on`, as by default.
    Durable,
    /// At once: `synchronous_commit = off`. What is left is the work of both processors.
    Asynchronous,
}

/// A schema of its own in which one of the ways can save.
#[derive(Debug)]
pub struct Database {
    schema: String,
    url: String,
    /// By which the server's sessions are looked up, so that no look costs the server a new one.
    watcher: OnceCell<Client>,
}

impl Database {
    /// Makes the schema, and lets the store make the tables.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn new(server: &str, commit: Commit) -> Self {
        let schema = format!("bench_{}", Uuid::now_v7().simple());
        let sign = if server.contains('?') { '&' } else { '?' };
        let on = if commit == Commit::Durable { "on" } else { "off" };
        let settings = format!("-c%20search_path%3D{schema}%20-c%20synchronous_commit%3D{on}");
        let url = format!("{server}{sign}options={settings}");
        let database = Self { schema, url, watcher: OnceCell::new() };
        database.sql(&format!("CREATE SCHEMA {}", database.schema)).await;
        drop(Ours::open(&database).await);
        database
    }

    /// Opens a store on it, with as many connections as either way has.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn store(&self) -> Postgres {
        let options = Postgres::options().pool_size(CONNECTIONS).application_name(&self.schema);
        options.connect(&self.url).await.expect("the store opens")
    }

    async fn connection(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.expect("the server answers");
        tokio::spawn(connection);
        client
    }

    async fn sql(&self, sql: &str) {
        self.connection().await.batch_execute(sql).await.expect("a statement");
    }

    /// Removes all rows and events.
    pub async fn empty(&self) {
        self.sql("TRUNCATE tasks, timestamp_outbox RESTART IDENTITY").await;
    }

    /// Leaves nothing to the first ones who come after many rows were written.
    pub async fn settle(&self) {
        self.sql("VACUUM ANALYZE tasks").await;
        self.sql("VACUUM ANALYZE timestamp_outbox").await;
        self.sql("CHECKPOINT").await;
    }

    /// Removes everything.
    pub async fn remove(self) {
        self.sql(&format!("DROP SCHEMA {} CASCADE", self.schema)).await;
    }

    /// Asserts that there are so many rows, and that each has as many events as its version says.
    ///
    /// # Panics
    ///
    /// If not.
    pub async fn assert_rows(&self, count: i64) {
        let sql = "SELECT count(*), count(*) FILTER (WHERE version = events) FROM tasks LEFT JOIN (SELECT aggregateid, \
                   count(*) AS events FROM timestamp_outbox WHERE aggregatetype = 'Task' GROUP BY aggregateid) AS stored \
                   ON aggregateid = id::text";
        let row = self.connection().await.query_one(sql, &[]).await.expect("rows can be counted");
        let found: (i64, i64) = (row.get(0), row.get(1));
        assert_eq!(found, (count, count), "rows, and rows with an event for each version");
    }

    /// Returns how to read the processor time of this program and of the server's side of the connections that are open
    /// now.
    ///
    /// # Panics
    ///
    /// If the server can not be asked.
    pub async fn processors(&self) -> Processors {
        let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
        let watcher = self.watcher.get_or_init(|| self.connection()).await;
        let rows = watcher.query(sql, &[&self.schema]).await.expect("the server knows its sessions");
        Processors { backends: rows.iter().map(|row| row.get(0)).collect() }
    }
}

/// Client and server of one database.
#[derive(Debug)]
pub struct Processors {
    backends: Vec<i32>,
}

impl Processors {
    /// Returns the processor time that both have taken.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.backends.iter().copied().map(processor::of_process).sum::<Duration>() + processor::of_this_program()
    }
}

/// A way to save and load tasks.
pub trait Way: Clone + Send + Sync + 'static {
    /// Its name in the ids of benches.
    const NAME: &'static str;

    /// What it saves.
    type Task: Clone + Send + Sync + 'static;

    /// Returns a new task.
    fn task(priority: i64) -> Self::Task;

    /// Returns the id of a task.
    fn id(task: &Self::Task) -> Uuid;

    /// Returns what a load is checked by.
    fn priority(task: &Self::Task) -> i64;

    /// Connects to a database.
    fn open(database: &Database) -> impl Future<Output = Self> + Send;

    /// Changes a task and saves it.
    fn change_and_save(&self, task: &mut Self::Task) -> impl Future<Output = ()> + Send;

    /// Saves new tasks in one transaction.
    fn save_all(&self, tasks: &mut [Self::Task]) -> impl Future<Output = ()> + Send;

    /// Loads a task.
    fn find(&self, id: Uuid) -> impl Future<Output = Self::Task> + Send;
}

/// The repository.
#[derive(Clone, Debug)]
pub struct Ours(Repository<Task, Postgres>);

impl Way for Ours {
    const NAME: &'static str = "repository";

    type Task = Task;

    fn task(priority: i64) -> Task {
        Task::new(priority)
    }

    fn id(task: &Task) -> Uuid {
        *task.id()
    }

    fn priority(task: &Task) -> i64 {
        task.priority()
    }

    async fn open(database: &Database) -> Self {
        Self(database.store().await.repository::<Task>().await.expect("the table fits"))
    }

    async fn change_and_save(&self, task: &mut Task) {
        task.toggle();
        self.0.save(task).await.expect("a save");
    }

    async fn save_all(&self, tasks: &mut [Task]) {
        self.0.save_all(tasks).await.expect("a batch");
    }

    async fn find(&self, id: Uuid) -> Task {
        self.0.find(&id).await.expect("a read").expect("a task")
    }
}

/// The hand-written way.
#[derive(Clone)]
pub struct ByHand(Arc<Pool>);

impl fmt::Debug for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByHand")
    }
}

struct Pool {
    permits: Semaphore,
    free: Mutex<Vec<Connection>>,
}

struct Connection {
    client: Client,
    insert: Statement,
    update: Statement,
    find: Statement,
    copy_rows: Statement,
    copy_events: Statement,
}

const INSERT: &str = "WITH written AS (INSERT INTO tasks (id, title, done, priority, created_at_ms, updated_at_ms, \
    version) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING 1) INSERT INTO timestamp_outbox (id, aggregatetype, \
    aggregateid, type, payload, version, kind, reason, occurred_at_ms, recorded_at_ms) SELECT $8, 'Task', $9, $10, $11, \
    $7, $12, $13, $6, $14 FROM written";
const UPDATE: &str = "WITH written AS (UPDATE tasks SET title = $2, done = $3, priority = $4, updated_at_ms = $5, \
    version = $6 WHERE id = $1 AND version = $7 RETURNING 1) INSERT INTO timestamp_outbox (id, aggregatetype, \
    aggregateid, type, payload, version, kind, reason, occurred_at_ms, recorded_at_ms) SELECT $8, 'Task', $9, $10, $11, \
    $6, $12, $13, $5, $14 FROM written";
const FIND: &str = "SELECT id, title, done, priority, created_at_ms, updated_at_ms, version FROM tasks WHERE id = $1";
const COPY_ROWS: &str = "COPY tasks (id, title, done, priority, created_at_ms, updated_at_ms, version) FROM STDIN \
    (FORMAT binary)";
const COPY_EVENTS: &str = "COPY timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, reason, \
    occurred_at_ms, recorded_at_ms) FROM STDIN (FORMAT binary)";

const ROW: [Type; 7] = [Type::UUID, Type::TEXT, Type::BOOL, Type::INT8, Type::INT8, Type::INT8, Type::INT8];
const EVENT: [Type; 10] = [
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::JSON,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::INT8,
    Type::INT8,
];

impl Connection {
    async fn open(database: &Database) -> Self {
        let client = database.connection().await;
        // The repository's sessions have the same name. By it, the server's side of them is found.
        let named = format!("SET application_name = '{}'", database.schema);
        client.batch_execute(&named).await.expect("a name");
        let [int, text] = [Type::INT8, Type::TEXT];
        let values =
            [&ROW[..], &[Type::UUID, text.clone(), text.clone(), Type::JSON, text.clone(), text, int]].concat();
        let prepare = |sql| client.prepare_typed(sql, &values);
        let insert = prepare(INSERT).await.expect("a statement");
        let update = prepare(UPDATE).await.expect("a statement");
        let find = client.prepare(FIND).await.expect("a statement");
        let copy_rows = client.prepare(COPY_ROWS).await.expect("a statement");
        let copy_events = client.prepare(COPY_EVENTS).await.expect("a statement");
        Self { client, insert, update, find, copy_rows, copy_events }
    }

    /// Saves a task and its event in one statement.
    async fn save(&self, task: &mut TaskByHand) {
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let entity_id: &str = task.id.hyphenated().encode_lower(&mut buffer);
        let EventByHand { id, kind, event_type, reason, payload } = task.event();
        let (payload, recorded_at) = (JsonText(&payload), clock_read());
        let TaskByHand { title, done, priority, created_at_ms, updated_at_ms, version, stored_version, .. } = task;
        let written = if *stored_version == 0 {
            let values: [&(dyn ToSql + Sync); 14] = [
                &task.id,
                title,
                done,
                priority,
                created_at_ms,
                updated_at_ms,
                version,
                &id,
                &entity_id,
                &event_type,
                &payload,
                &kind,
                &reason,
                &recorded_at,
            ];
            self.client.execute(&self.insert, &values).await.expect("an insert")
        } else {
            let values: [&(dyn ToSql + Sync); 14] = [
                &task.id,
                title,
                done,
                priority,
                updated_at_ms,
                version,
                stored_version,
                &id,
                &entity_id,
                &event_type,
                &payload,
                &kind,
                &reason,
                &recorded_at,
            ];
            self.client.execute(&self.update, &values).await.expect("an update")
        };
        assert_eq!(written, 1, "somebody else saved it");
        task.stored_version = task.version;
    }

    async fn save_all(&self, tasks: &mut [TaskByHand]) {
        self.client.batch_execute("BEGIN").await.expect("a transaction");
        let sink = self.client.copy_in(&self.copy_rows).await.expect("a copy");
        let mut rows = std::pin::pin!(BinaryCopyInWriter::new(sink, &ROW));
        for task in &*tasks {
            let TaskByHand { id, title, done, priority, created_at_ms, updated_at_ms, version, .. } = task;
            let row: [&(dyn ToSql + Sync); 7] = [id, title, done, priority, created_at_ms, updated_at_ms, version];
            rows.as_mut().write(&row).await.expect("a row");
        }
        assert_eq!(rows.finish().await.expect("rows"), tasks.len() as u64);
        let sink = self.client.copy_in(&self.copy_events).await.expect("a copy");
        let mut events = std::pin::pin!(BinaryCopyInWriter::new(sink, &EVENT));
        let recorded_at = clock_read();
        for task in &*tasks {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            let entity_id: &str = task.id.hyphenated().encode_lower(&mut buffer);
            let EventByHand { id, kind, event_type, reason, payload } = task.event();
            let payload = JsonText(&payload);
            let event: [&(dyn ToSql + Sync); 10] = [
                &id,
                &"Task",
                &entity_id,
                &event_type,
                &payload,
                &task.version,
                &kind,
                &reason,
                &task.updated_at_ms,
                &recorded_at,
            ];
            events.as_mut().write(&event).await.expect("an event");
        }
        assert_eq!(events.finish().await.expect("events"), tasks.len() as u64);
        self.client.batch_execute("COMMIT").await.expect("a commit");
        tasks.iter_mut().for_each(|task| task.stored_version = task.version);
    }

    async fn find(&self, id: Uuid) -> TaskByHand {
        let row = self.client.query_one(&self.find, &[&id]).await.expect("a task");
        let version = row.get(6);
        TaskByHand {
            id: row.get(0),
            title: row.get(1),
            done: row.get(2),
            priority: row.get(3),
            created_at_ms: row.get(4),
            updated_at_ms: row.get(5),
            version,
            stored_version: version,
        }
    }
}

/// Text that is known to be JSON.
#[derive(Debug)]
struct JsonText<'a>(&'a str);

impl ToSql for JsonText<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }

    to_sql_checked!();
}

/// A connection on loan.
struct Loan<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
    _permit: tokio::sync::SemaphorePermit<'p>,
}

impl Pool {
    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take(&self) -> Loan<'_> {
        let permit = self.permits.acquire().await.expect("a pool that is open");
        let connection = self.free().pop();
        Loan { pool: self, connection, _permit: permit }
    }
}

impl std::ops::Deref for Loan<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("one connection for each permit")
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.pool.free().extend(self.connection.take());
    }
}

impl Way for ByHand {
    const NAME: &'static str = "by_hand";

    type Task = TaskByHand;

    fn task(priority: i64) -> TaskByHand {
        TaskByHand::new(priority)
    }

    fn id(task: &TaskByHand) -> Uuid {
        task.id
    }

    fn priority(task: &TaskByHand) -> i64 {
        task.priority
    }

    async fn open(database: &Database) -> Self {
        let mut free = Vec::new();
        for _ in 0..CONNECTIONS {
            free.push(Connection::open(database).await);
        }
        Self(Arc::new(Pool { permits: Semaphore::new(CONNECTIONS), free: Mutex::new(free) }))
    }

    async fn change_and_save(&self, task: &mut TaskByHand) {
        task.toggle();
        self.0.take().await.save(task).await;
    }

    async fn save_all(&self, tasks: &mut [TaskByHand]) {
        self.0.take().await.save_all(tasks).await;
    }

    async fn find(&self, id: Uuid) -> TaskByHand {
        self.0.take().await.find(id).await
    }
}

/// One of the ways, with a database and some saved tasks.
#[derive(Debug)]
pub struct Bench<W: Way> {
    way: W,
    database: Database,
    saved: Vec<W::Task>,
}

impl<W: Way> Bench<W> {
    /// Saves so many tasks, and settles.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub async fn new(server: &str, commit: Commit, count: i64) -> Self {
        let database = Database::new(server, commit).await;
        let way = W::open(&database).await;
        let mut saved: Vec<W::Task> = (0..count).map(W::task).collect();
        for chunk in saved.chunks_mut(50_000) {
            way.save_all(chunk).await;
        }
        database.settle().await;
        Self { way, database, saved }
    }

    /// Changes and saves so many tasks one after the other, from a place on, in an order that jumps.
    pub async fn save_alone(&mut self, from: usize, count: usize) {
        let all = self.saved.len();
        for step in from..from + count {
            self.way.change_and_save(&mut self.saved[step.wrapping_mul(7_919) % all]).await;
        }
    }

    /// Lets every task be changed and saved so many times, all tasks at once, each by a spawned caller of its own.
    ///
    /// # Panics
    ///
    /// If a caller does.
    pub async fn save_at_once(&mut self, turns: usize) {
        let callers = std::mem::take(&mut self.saved).into_iter().map(|mut task| {
            let way = self.way.clone();
            tokio::spawn(async move {
                for _ in 0..turns {
                    way.change_and_save(&mut task).await;
                }
                task
            })
        });
        let callers: Vec<_> = callers.collect();
        self.saved = try_join_all(callers).await.expect("callers");
    }

    /// Lets so many spawned callers load `each` tasks, one after the other.
    ///
    /// # Panics
    ///
    /// If a task is not the one that was asked for.
    pub async fn find_at_once(&self, callers: usize, each: usize, from: usize) {
        let callers = (0..callers).map(|caller| {
            let expected = (0..each).map(|step| {
                let place = (from + caller * each + step).wrapping_mul(7_919) % self.saved.len();
                (W::id(&self.saved[place]), W::priority(&self.saved[place]))
            });
            let (way, expected) = (self.way.clone(), expected.collect::<Vec<_>>());
            tokio::spawn(async move {
                for (id, priority) in expected {
                    assert_eq!(W::priority(&way.find(id).await), priority);
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        try_join_all(callers).await.expect("callers");
    }

    /// Saves new tasks in one transaction.
    pub async fn save_all(&self, tasks: &mut [W::Task]) {
        self.way.save_all(tasks).await;
    }

    /// Returns the database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Asserts that all tasks are stored with their events, and removes everything.
    pub async fn end(self) {
        self.database.assert_rows(self.saved.len() as i64).await;
        drop(self.way);
        self.database.remove().await;
    }
}
