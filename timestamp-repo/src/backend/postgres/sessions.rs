//! The sessions of a store: how one is opened, and the pool that they are taken from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, TimeoutType, Timeouts};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::PostgresOptions;
use super::session::Session;
use super::settings::millis;
use super::suspect::{Process, Suspects};
use super::tls;
use super::url::{Server, Target};
use crate::error::{BackendError, Busy, ConnectError, FindError, SaveError};

/// The oldest server that has what the framework's tables need.
const OLDEST: u32 = 13;

/// Opens sessions.
pub(super) struct Sessions {
    target: Target,
    tls: MakeRustlsConnect,
    lock_timeout: Duration,
    answer_timeout: Duration,
    suspects: Arc<Suspects>,
    /// What every further session must find, since a name may come to mean another server.
    system_identifier: OnceLock<i64>,
    warned: AtomicBool,
    /// How each session makes its settings, where they do not reach the server with the connection.
    by_hand: OnceLock<String>,
}

/// A way to the same server, with the same settings.
pub(super) struct Line {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    /// SQL that makes the settings, where they do not reach the server with the connection.
    pub(super) by_hand: Option<String>,
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
            system_identifier: OnceLock::new(),
            warned: AtomicBool::new(false),
            by_hand: OnceLock::new(),
        })
    }

    /// How to open a connection that is nobody's session.
    pub(super) fn line(&self) -> Line {
        Line { config: self.config(), tls: self.tls.clone(), by_hand: self.by_hand.get().cloned() }
    }

    fn config(&self) -> Config {
        let mut config = self.target.config.clone();
        if self.by_hand.get().is_none() {
            config.options(self.target.settings.startup());
        }
        config
    }

    /// From now on a session with another server than this one is refused.
    pub(super) fn stay_on(&self, system_identifier: i64) {
        self.system_identifier.get_or_init(|| system_identifier);
    }

    /// Has every session make its settings by hand, if that can be done.
    pub(super) fn set_by_hand(&self) -> bool {
        self.target.settings.by_hand().is_some_and(|sql| self.by_hand.set(sql).is_ok())
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
        let by_hand = self.by_hand.get();
        let connected = self.config().connect(self.tls.clone()).await;
        let (client, connection) = connected.map_err(|error| connect_error(&self.target, &error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        });
        if let Some(settings) = by_hand {
            client.batch_execute(settings).await.map_err(|error| connect_error(&self.target, &error))?;
        }
        let expected = self.system_identifier.get();
        let identifier = expected.map_or("NULL", |_| "(SELECT system_identifier FROM pg_catalog.pg_control_system())");
        let question = format!(
            "SELECT pg_backend_pid(), (extract(epoch FROM backend_start) * 1000000)::bigint, \
             current_setting('server_version_num'), (SELECT setting FROM pg_settings WHERE name = 'lock_timeout'), \
             {identifier}, current_setting('synchronous_commit'), current_setting('fsync') FROM pg_stat_activity WHERE \
             pid = pg_backend_pid()"
        );
        let about = client.simple_query(&question).await.map_err(|error| connect_error(&self.target, &error))?;
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
        if expected.is_some_and(|expected| number(4) != Some(*expected)) {
            return Err(ConnectError::OtherServer { server: server.to_string() });
        }
        let off = |column: usize| row.and_then(|row| row.get(column)) == Some("off");
        self.warn_of_loss(off(5), off(6));
        let process = Process { pid: i32::try_from(pid).unwrap_or_default(), started };
        Ok(Session::new(client, process, by_hand.cloned(), &self.tls, self.answer_timeout, &self.suspects))
    }
}

impl Sessions {
    /// Says once what makes a promise hollow, which whoever set it may have meant.
    fn warn_of_loss(&self, not_synchronous: bool, not_flushed: bool) {
        let setting = match (not_synchronous, not_flushed) {
            (_, true) => "fsync",
            (true, false) => "synchronous_commit",
            (false, false) => return,
        };
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                server = %self.target.server,
                setting,
                "`{setting}` is off: saves that were answered as stored can be lost when the server crashes"
            );
        }
    }
}

fn pooler(server: &Server) -> ConnectError {
    ConnectError::Pooler { server: server.to_string() }
}

fn connect_error(target: &Target, error: &tokio_postgres::Error) -> ConnectError {
    let server = target.server.to_string();
    let database = || target.config.get_dbname().or(target.config.get_user()).unwrap_or("?").to_owned();
    let words = error.to_string();
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let source = BackendError::new(cause.unwrap_or_else(|| words.clone()));
        return match words.as_str() {
            "error performing TLS handshake" => ConnectError::Tls { server, source },
            "invalid configuration" | "authentication error" => {
                ConnectError::Authentication { server, user: target.user(), source }
            }
            _ => ConnectError::Unreachable { server, source },
        };
    };
    let source = BackendError::new(format!("{} (SQLSTATE {})", said.message(), said.code().code()));
    let code = said.code();
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        ConnectError::Authentication { server, user: target.user(), source }
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        ConnectError::NoDatabase { server, database: database() }
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        ConnectError::Privilege { server, user: target.user(), source }
    } else if said.message().contains("unsupported startup parameter") {
        ConnectError::Pooler { server }
    } else {
        ConnectError::Unreachable { server, source }
    }
}

impl managed::Manager for Sessions {
    /// In a box, since the pool moves it several times per loan.
    type Type = Box<Session>;
    type Error = ConnectError;

    async fn create(&self) -> Result<Box<Session>, ConnectError> {
        // Large, and rare: everything that may have to connect would carry it.
        Box::pin(self.open()).await.map(Box::new)
    }

    async fn recycle(&self, session: &mut Box<Session>, _metrics: &Metrics) -> RecycleResult<ConnectError> {
        if session.is_over() || session.is_at_work() {
            Err(RecycleError::message("the connection is over, or at work for a caller who has gone away"))
        } else {
            Ok(())
        }
    }
}

/// Takes a session. One that is free is taken without the timer that a wait needs.
pub(super) async fn take(pool: &Pool<Sessions>) -> Result<Loan, PoolError<ConnectError>> {
    let at_once = Timeouts { wait: Some(Duration::ZERO), create: None, recycle: None };
    match pool.timeout_get(&at_once).await {
        Err(PoolError::Timeout(TimeoutType::Wait)) => pool.get().await,
        taken => taken,
    }
}

/// Takes a session for reading.
pub(super) async fn reader(pool: &Pool<Sessions>) -> Result<Loan, FindError> {
    take(pool).await.map_err(|error| FindError::Backend(no_session(error)))
}

/// Takes a session for writing. Until it is there, nothing was sent.
pub(super) async fn writer(pool: &Pool<Sessions>) -> Result<Loan, SaveError> {
    take(pool).await.map_err(|error| match error {
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
