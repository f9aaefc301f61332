//! The databases under test, as the roles open them.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use timestamp_core::Clock;
use timestamp_repo::{Postgres, Sqlite, Store, UnitOfWork};

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// How long a role tries to reach a server that may be starting.
const PATIENCE: Duration = Duration::from_secs(20);

/// A database that roles can open by its URL.
pub(crate) trait Database: Store {
    fn open(url: &str, clock: &Clock) -> impl Future<Output = Result<Self, Failed>> + Send;

    /// Runs SQL in the unit that fails, and goes on as if it had not.
    fn ignore_an_error(unit: &mut UnitOfWork<Self>) -> impl Future<Output = ()> + Send;
}

impl Database for Sqlite {
    async fn open(url: &str, clock: &Clock) -> Result<Self, Failed> {
        let options = Self::options().clock(clock).busy_timeout(Duration::from_secs(1));
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        patiently(|| options.clone().open(path)).await
    }

    async fn ignore_an_error(unit: &mut UnitOfWork<Self>) {
        let connection = unit.connection();
        if let Ok(connection) = connection.await {
            let _ = connection.execute("INSERT INTO no_such_table VALUES (1)", []);
        }
    }
}

impl Database for Postgres {
    async fn open(url: &str, clock: &Clock) -> Result<Self, Failed> {
        let options = Self::options().clock(clock).pool_size(8).lock_timeout(Duration::from_secs(1));
        let options = options.statement_timeout(Duration::from_secs(3));
        patiently(|| options.clone().connect(url)).await
    }

    async fn ignore_an_error(unit: &mut UnitOfWork<Self>) {
        if let Ok(connection) = unit.connection().await {
            let _ = connection.batch_execute("SELECT 1 / 0").await;
        }
    }
}

/// A database may be away, or locked, when a process starts.
pub(crate) async fn patiently<T, E, F, A>(mut attempt: F) -> Result<T, Failed>
where
    F: FnMut() -> A,
    A: Future<Output = Result<T, E>>,
    E: Error + Send + Sync + 'static,
{
    let begun = tokio::time::Instant::now();
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
