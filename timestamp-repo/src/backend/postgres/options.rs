//! How a store is opened.

use std::time::Duration;

use timestamp_core::Clock;

use super::store::Postgres;
use crate::error::ConnectError;

/// How to open a store; made by [`Postgres::options`].
#[derive(Clone, Debug)]
#[must_use = "options open nothing by themselves; call `connect`"]
pub struct PostgresOptions {
    pub(super) clock: Clock,
    pub(super) pool_size: usize,
    pub(super) lock_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) application_name: Option<String>,
    pub(super) root_certificates: Vec<u8>,
    pub(super) read_only: bool,
    pub(super) rebase: bool,
    #[cfg(feature = "test-util")]
    pub(super) faults: crate::testing::Faults,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            pool_size: 16,
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            application_name: None,
            root_certificates: Vec::new(),
            read_only: false,
            rebase: false,
            #[cfg(feature = "test-util")]
            faults: crate::testing::Faults::default(),
        }
    }
}

impl PostgresOptions {
    /// The clock that loaded entities are touched by, and that `recorded_at` is read from. By default the system's.
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// How many connections may be open at once; each unit of work needs one for itself. By default 16.
    pub fn pool_size(mut self, size: usize) -> Self {
        self.pool_size = size.max(1);
        self
    }

    /// How long a write waits for another one, and anything for a free connection, before it is
    /// [`Busy`](crate::SaveError::Busy). By default 5 seconds.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// How long one statement may take, locks included; never less than a second more than the lock timeout. By default
    /// 30 seconds. An answer that has not come 5 seconds after that is taken for lost.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// How the store's connections are named in `pg_stat_activity`. By default what the URL says, or `timestamp-repo`.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Certificates in PEM to be trusted besides the system's, such as that of the authority of a private server.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = pem.into();
        self
    }

    /// Opens the store for reading: every write is refused as [`ReadOnly`](crate::SaveError::ReadOnly), nothing is
    /// created or migrated. A copy on another server is read as it is.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Accepts this server as the one that the framework's tables belong to from now on, where
    /// [`ConnectError::OtherServer`] says that they were made on another. For one connect, such as of a program that does
    /// nothing else, once nothing writes to the old server any more; with it, a copy is never noticed.
    ///
    /// Relays go on where they were: what one of them has not delivered is delivered again by all, and what all have
    /// delivered is not. It needs the owner of the tables, waits for whoever is writing events, and does nothing on the
    /// server that they belong to, or together with [`read_only`](Self::read_only).
    pub fn rebase(mut self) -> Self {
        self.rebase = true;
        self
    }

    /// Lets a test lose the answers of this store.
    #[cfg(feature = "test-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    pub fn faults(mut self, faults: &crate::testing::Faults) -> Self {
        self.faults = faults.clone();
        self
    }

    /// Connects to the database that `url` names; see [`Postgres::connect`].
    ///
    /// # Errors
    ///
    /// [`ConnectError`] names the server and the cause, and never the password.
    pub async fn connect(self, url: impl AsRef<str>) -> Result<Postgres, ConnectError> {
        Postgres::connect_with(url.as_ref(), self).await
    }

    /// The timeout that the server is told: a wait for a lock must end as one.
    pub(super) fn effective_statement_timeout(&self) -> Duration {
        self.statement_timeout.max(self.lock_timeout + Duration::from_secs(1))
    }

    /// When an answer counts as lost.
    pub(super) fn answer_timeout(&self) -> Duration {
        self.effective_statement_timeout() + Duration::from_secs(5)
    }
}
