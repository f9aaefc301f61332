//! One session: a connection with what the store knows of it, which is the process that serves it, its prepared
//! statements, and whether its last answer came.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use rustc_hash::FxHasher;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, SimpleQueryMessage, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::Failure;
use super::row::Parameter;
use super::suspect::{Process, Suspects};
use crate::testing::point;

/// Statements kept prepared per session: a handful per entity type, and as many for users' filters.
const CACHED_STATEMENTS: usize = 256;

/// By their SQL.
type Statements = HashMap<String, Statement, BuildHasherDefault<Sampled>>;

/// Hashes a sample of a text, since SQL is long and a session has few. Texts that differ elsewhere alone take the time of a
/// comparison longer.
#[derive(Default)]
struct Sampled(FxHasher);

impl Hasher for Sampled {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write_usize(bytes.len());
        match bytes.len().checked_sub(8) {
            Some(last) if last > 56 => {
                for place in 0..8 {
                    let sample = bytes[last * place / 7..].first_chunk().copied().unwrap_or_default();
                    self.0.write_u64(u64::from_le_bytes(sample));
                }
            }
            Some(_) | None => self.0.write(bytes),
        }
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// One connection. One whose answer did not come is never used again.
pub(super) struct Session {
    client: Client,
    process: Process,
    /// What leads back to the settings that it began with.
    reset: String,
    statements: Mutex<Statements>,
    broken: AtomicBool,
    /// Statements whose answer is not there, and whose caller may have gone away.
    waiting: AtomicUsize,
    /// A unit of work has it, whose transaction must not suffer for a read that nobody waits for.
    in_unit: AtomicBool,
    answer_timeout: Duration,
    suspects: Arc<Suspects>,
    tls: MakeRustlsConnect,
}

impl Session {
    pub(super) fn new(
        client: Client,
        process: Process,
        made_by_hand: Option<String>,
        tls: &MakeRustlsConnect,
        answer_timeout: Duration,
        suspects: &Arc<Suspects>,
    ) -> Self {
        Self {
            client,
            process,
            reset: made_by_hand.map_or("RESET ALL".to_owned(), |settings| format!("RESET ALL; {settings}")),
            statements: Mutex::default(),
            broken: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            in_unit: AtomicBool::new(false),
            answer_timeout,
            suspects: Arc::clone(suspects),
            tls: tls.clone(),
        }
    }

    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// Undoes what a user's SQL may have changed outside of tables.
    pub(super) async fn reset(&self) -> Result<(), Failure> {
        let others = "CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP";
        self.batch(&format!("{others}; {}", self.reset)).await
    }

    /// Whether it is at work for a caller who has gone away.
    pub(super) fn is_at_work(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

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
    pub(super) async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
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

    fn lock(&self) -> std::sync::MutexGuard<'_, Statements> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, Failure> {
        let known = self.lock().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        // Rare, and larger than everything that awaits it.
        let statement = Box::pin(self.answer(self.client.prepare(sql))).await?;
        let mut statements = self.lock();
        if statements.len() >= CACHED_STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) async fn execute(&self, statement: &Statement, values: Vec<Parameter<'_>>) -> Result<u64, Failure> {
        point("store/before");
        let answer = self.answer(self.client.execute_raw(statement, &values)).await;
        point("store/after");
        answer
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

    /// Reads rows up to so many bytes, or one that is larger. Returns whether there are more.
    ///
    /// The rest is on its way then, and nobody wants it: the server is told to stop, and the session is not used again.
    pub(super) async fn prepare_and_query_part(
        &self,
        sql: &str,
        values: &[Parameter<'_>],
        bytes: usize,
    ) -> Result<(Vec<Row>, bool), Failure> {
        let statement = self.prepare(sql).await?;
        let part = match self.answer(part(&self.client, &statement, values, bytes)).await {
            // As above.
            Err(failure) if failure.has_code(&SqlState::FEATURE_NOT_SUPPORTED) => {
                let statement = self.prepare(sql).await?;
                self.answer(part(&self.client, &statement, values, bytes)).await?
            }
            part => part?,
        };
        if part.1 {
            drop(Waiting::on(self));
        }
        Ok(part)
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
}

/// As much of an answer as is wanted, and whether there is more.
async fn part(
    client: &Client,
    statement: &Statement,
    values: &[Parameter<'_>],
    bytes: usize,
) -> Result<(Vec<Row>, bool), tokio_postgres::Error> {
    let mut answer = std::pin::pin!(client.query_raw(statement, values).await?);
    let (mut rows, mut read) = (Vec::new(), 0);
    while let Some(row) = answer.try_next().await? {
        if read >= bytes {
            return Ok((rows, true));
        }
        read += row.raw_size_bytes();
        rows.push(row);
    }
    Ok((rows, false))
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
