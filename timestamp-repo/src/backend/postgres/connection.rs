//! The sessions, and their pool.
//!
//! A session is a connection with what the store knows of it: the process that serves it, its prepared statements, and
//! whether its last answer came. One whose answer did not come is never used again.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, TimeoutType};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, SimpleQueryMessage, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::Failure;
use super::options::PostgresOptions;
use super::row::Parameter;
use super::suspect::{Process, Suspects};
use super::tls;
use super::url::{Server, Target, millis};
use crate::error::{BackendError, Busy, ConnectError, FindError, SaveError};

/// The oldest server that has what the framework's tables need.
const OLDEST: u32 = 13;

/// Statements kept prepared per session: a handful per entity type, and as many for users' filters.
const CACHED_STATEMENTS: usize = 256;

/// Opens sessions.
pub(super) struct Sessions {
    target: Target,
    tls: MakeRustlsConnect,
    lock_timeout: Duration,
    answer_timeout: Duration,
    suspects: Arc<Suspects>,
}

/// One connection.
pub(super) struct Session {
    client: Client,
    process: Process,
    statements: Mutex<HashMap<String, Statement>>,
    broken: AtomicBool,
    /// Statements whose answer is not there, and whose caller may have gone away.
    waiting: AtomicUsize,
    /// A unit of work has it, whose transaction must not suffer for a read that nobody waits for.
    in_unit: AtomicBool,
    answer_timeout: Duration,
    suspects: Arc<Suspects>,
    tls: MakeRustlsConnect,
}

/// A session on loan; it goes back when dropped.
pub(super) type Loan = Object<Sessions>;

impl Sessions {
    pub(super) fn new(
        target: &Target,
        options: &PostgresOptions,
        suspects: &Arc<Suspects>,
    ) -> Result<Self, ConnectError> {
        let tls = tls::connector(target, options)
            .map_err(|why| ConnectError::Tls { server: target.server.to_string(), source: BackendError::new(why) })?;
        Ok(Self {
            target: target.clone(),
            tls,
            lock_timeout: options.lock_timeout,
            answer_timeout: options.answer_timeout(),
            suspects: Arc::clone(suspects),
        })
    }

    /// Opens a session, in the time that one may take to open.
    pub(super) async fn open(&self) -> Result<Session, ConnectError> {
        let config = &self.target.config;
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
        let each = config.get_connect_timeout().copied().unwrap_or(Duration::from_secs(5));
        let opened = tokio::time::timeout(each * u32::try_from(hosts).unwrap_or(1), self.open_one()).await;
        opened.unwrap_or_else(|_| {
            let source = BackendError::new("it did not answer within the connect timeout");
            Err(ConnectError::Unreachable { server: self.target.server.to_string(), source })
        })
    }

    async fn open_one(&self) -> Result<Session, ConnectError> {
        let server = &self.target.server;
        let connected = self.target.config.connect(self.tls.clone()).await;
        let (client, connection) = connected.map_err(|error| connect_error(&self.target, &error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        });
        let about = client
            .simple_query(
                "SELECT pg_backend_pid(), (extract(epoch FROM backend_start) * 1000000)::bigint, \
                 current_setting('server_version_num'), (SELECT setting FROM pg_settings WHERE name = 'lock_timeout') \
                 FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            )
            .await
            .map_err(|error| connect_error(&self.target, &error))?;
        let row = about.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let number = |column: usize| row.and_then(|row| row.get(column)).and_then(|text| text.parse::<i64>().ok());
        let version = number(2).unwrap_or_default() / 10_000;
        if version < i64::from(OLDEST) {
            return Err(ConnectError::TooOld {
                server: server.to_string(),
                version: u32::try_from(version).unwrap_or_default(),
                oldest: OLDEST,
            });
        }
        let (Some(pid), Some(started)) = (number(0), number(1)) else { return Err(pooler(server)) };
        if number(3).and_then(|set| u128::try_from(set).ok()) != Some(millis(self.lock_timeout)) {
            return Err(pooler(server));
        }
        Ok(Session {
            client,
            process: Process { pid: i32::try_from(pid).unwrap_or_default(), started },
            statements: Mutex::default(),
            broken: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            in_unit: AtomicBool::new(false),
            answer_timeout: self.answer_timeout,
            suspects: Arc::clone(&self.suspects),
            tls: self.tls.clone(),
        })
    }
}

fn pooler(server: &Server) -> ConnectError {
    ConnectError::Pooler { server: server.to_string() }
}

fn connect_error(target: &Target, error: &tokio_postgres::Error) -> ConnectError {
    let server = target.server.to_string();
    let database = || target.config.get_dbname().or(target.config.get_user()).unwrap_or("?").to_owned();
    let user = || target.config.get_user().unwrap_or("?").to_owned();
    let words = error.to_string();
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let source = BackendError::new(cause.unwrap_or_else(|| words.clone()));
        return match words.as_str() {
            "error performing TLS handshake" => ConnectError::Tls { server, source },
            "invalid configuration" | "authentication error" => {
                ConnectError::Authentication { server, user: user(), source }
            }
            _ => ConnectError::Unreachable { server, source },
        };
    };
    let source = BackendError::new(format!("{} (SQLSTATE {})", said.message(), said.code().code()));
    let code = said.code();
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        ConnectError::Authentication { server, user: user(), source }
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        ConnectError::NoDatabase { server, database: database() }
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        ConnectError::Privilege { server, user: user(), source }
    } else if said.message().contains("unsupported startup parameter") {
        ConnectError::Pooler { server }
    } else {
        ConnectError::Unreachable { server, source }
    }
}

impl managed::Manager for Sessions {
    type Type = Session;
    type Error = ConnectError;

    async fn create(&self) -> Result<Session, ConnectError> {
        // Large, and rare: everything that may have to connect would carry it.
        Box::pin(self.open()).await
    }

    async fn recycle(&self, session: &mut Session, _metrics: &Metrics) -> RecycleResult<ConnectError> {
        if session.is_over() || session.waiting.load(Ordering::Relaxed) > 0 {
            Err(RecycleError::message("the connection is over, or at work for a caller who has gone away"))
        } else {
            Ok(())
        }
    }
}

/// Takes a session for reading.
pub(super) async fn reader(pool: &Pool<Sessions>) -> Result<Loan, FindError> {
    pool.get().await.map_err(|error| FindError::Backend(no_session(error)))
}

/// Takes a session for writing. Until it is there, nothing was sent.
pub(super) async fn writer(pool: &Pool<Sessions>) -> Result<Loan, SaveError> {
    pool.get().await.map_err(|error| match error {
        PoolError::Timeout(TimeoutType::Wait) => SaveError::Busy(Busy { unit: None, same_task: false }),
        error => SaveError::Backend(no_session(error)),
    })
}

pub(super) fn no_session(error: PoolError<ConnectError>) -> BackendError {
    match error {
        PoolError::Backend(error) => BackendError::because("no connection to PostgreSQL could be opened", error),
        PoolError::Timeout(TimeoutType::Wait) => {
            BackendError::new("no connection became free within the lock timeout: units of work hold one each")
        }
        error => BackendError::because("no connection to PostgreSQL could be taken from the pool", error),
    }
}

impl Session {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn is_over(&self) -> bool {
        self.client.is_closed() || self.broken.load(Ordering::Relaxed)
    }

    /// From here on this session is not used any more, and what it did last is in doubt.
    pub(super) fn suspect(&self) {
        self.broken.store(true, Ordering::Relaxed);
        self.suspects.add(self.process);
    }

    /// Never to be used again, though nothing is in doubt.
    pub(super) fn retire(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Waits for an answer, at most as long as one can take. Without one the session is over.
    async fn answer<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        let waiting = Waiting::on(self);
        let answer = tokio::time::timeout(self.answer_timeout, answer).await;
        waiting.end();
        let failure = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Failure::from(error),
            Err(_) => Failure::Lost("no answer came within the statement timeout".to_owned()),
        };
        match &failure {
            Failure::Lost(_) => self.suspect(),
            // A table was changed under a prepared statement, or somebody has thrown the statements away.
            Failure::Refused(refusal)
                if refusal.code == SqlState::FEATURE_NOT_SUPPORTED
                    || refusal.code == SqlState::INVALID_SQL_STATEMENT_NAME =>
            {
                self.lock().clear();
            }
            Failure::Refused(_) | Failure::NotSent(_) => {}
        }
        Err(failure)
    }

    pub(super) fn begin_unit(&self) {
        self.in_unit.store(true, Ordering::Relaxed);
    }

    /// The transaction has ended, and with it whatever a caller did not wait for.
    pub(super) fn end_unit(&self) {
        self.waiting.store(0, Ordering::Relaxed);
        self.in_unit.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, Failure> {
        let known = self.lock().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.answer(self.client.prepare(sql)).await?;
        let mut statements = self.lock();
        if statements.len() >= CACHED_STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) async fn execute(&self, statement: &Statement, values: Vec<Parameter<'_>>) -> Result<u64, Failure> {
        self.answer(self.client.execute_raw(statement, values)).await
    }

    /// Runs a statement that was prepared from `sql`.
    pub(super) async fn query(
        &self,
        sql: &str,
        statement: &Statement,
        values: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        match self.answer(self.client.query(statement, &values)).await {
            // A table was altered since, and the statement was forgotten.
            Err(failure) if failure.has_code(&SqlState::FEATURE_NOT_SUPPORTED) => {
                let statement = self.prepare(sql).await?;
                self.answer(self.client.query(&statement, &values)).await
            }
            answer => answer,
        }
    }

    pub(super) async fn prepare_and_query(&self, sql: &str, values: &[Parameter<'_>]) -> Result<Vec<Row>, Failure> {
        let statement = self.prepare(sql).await?;
        self.query(sql, &statement, values).await
    }

    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.answer(self.client.batch_execute(sql)).await
    }

    /// Runs SQL whose answer is one value as text.
    pub(super) async fn ask(&self, sql: &str) -> Result<Option<String>, Failure> {
        let messages = self.answer(self.client.simple_query(sql)).await?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    /// Copies rows in. Returns how many were taken.
    pub(super) async fn copy<'v>(
        &self,
        sql: &str,
        types: &[Type],
        rows: impl Iterator<Item = Vec<Parameter<'v>>>,
    ) -> Result<u64, Failure> {
        let statement = self.prepare(sql).await?;
        self.answer(async {
            let sink = self.client.copy_in(&statement).await?;
            let mut writer = std::pin::pin!(tokio_postgres::binary_copy::BinaryCopyInWriter::new(sink, types));
            for row in rows {
                writer.as_mut().write_raw(row).await?;
            }
            writer.finish().await
        })
        .await
    }
}

/// A statement whose answer somebody waits for. If they go away before it is there, the server is told to stop.
struct Waiting<'s> {
    session: Option<&'s Session>,
}

impl<'s> Waiting<'s> {
    fn on(session: &'s Session) -> Self {
        session.waiting.fetch_add(1, Ordering::Relaxed);
        Self { session: Some(session) }
    }

    fn end(mut self) {
        if let Some(session) = self.session.take() {
            session.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(session) = self.session.filter(|session| !session.in_unit.load(Ordering::Relaxed)) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (cancel, tls) = (session.client.cancel_token(), session.tls.clone());
        runtime.spawn(async move { drop(cancel.cancel_query(tls).await) });
    }
}
