//! The framework's own tables, as versioned migrations.
//!
//! A migration that was released is never changed; its fingerprint is stored beside it, so that one which was changed is
//! noticed. They are applied when a store is connected to for writing, in one transaction under an advisory lock, so that
//! two programs that start at once take turns; the lock is gone with the transaction, however it ends.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use timestamp_core::EpochMs;

use super::failure::Failure;
use super::row::{Parameter, get};
use super::session::Session;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "outbox", sql: include_str!("../../../migrations/postgres/0001_outbox.sql") },
    Migration { version: 2, name: "relay", sql: include_str!("../../../migrations/postgres/0002_relay.sql") },
    Migration { version: 3, name: "parking", sql: include_str!("../../../migrations/postgres/0003_parking.sql") },
];

/// The version that this program needs.
pub(super) const VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Begins a transaction in which nobody else changes the framework's tables or creates others in the same schema. Starting
/// up may take its time, so the lock is waited for longer than others.
pub(super) const BEGIN_ALONE: &str = "BEGIN; SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '120s'; \
     SELECT pg_advisory_xact_lock(hashtext('timestamp-repo'), hashtext(current_schema()))";

/// Why the framework's tables are not what this program needs.
pub(super) enum MigrationError {
    /// They can not be read.
    Unreadable(Failure),
    /// They can not be created or changed.
    Sql(Failure),
    /// In words, with the migration's name.
    Different(String),
}

impl From<Failure> for MigrationError {
    fn from(failure: Failure) -> Self {
        Self::Sql(failure)
    }
}

/// Applies what is missing.
pub(super) async fn apply(session: &Session, now: EpochMs) -> Result<(), MigrationError> {
    if check(session).await? == VERSION {
        return Ok(());
    }
    alone(session, apply_alone(session, now)).await
}

/// Does something in a transaction that begins with [`BEGIN_ALONE`], and ends with what was done or with nothing.
pub(super) async fn alone<E: From<Failure>>(
    session: &Session,
    work: impl Future<Output = Result<(), E>>,
) -> Result<(), E> {
    session.batch(BEGIN_ALONE).await?;
    let done = work.await;
    match done {
        Ok(()) => session.batch("COMMIT").await?,
        // A session that does not even roll back is not used again, and the server does it.
        Err(_) => {
            if session.batch("ROLLBACK").await.is_err() {
                session.retire();
            }
        }
    }
    done
}

async fn apply_alone(session: &Session, now: EpochMs) -> Result<(), MigrationError> {
    session
        .batch(
            "CREATE TABLE IF NOT EXISTS timestamp_migrations (
                 version       bigint PRIMARY KEY,
                 name          text   NOT NULL,
                 fingerprint   text   NOT NULL,
                 applied_at_ms bigint NOT NULL
             )",
        )
        .await?;
    let applied = check(session).await?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > applied) {
        session.batch(migration.sql).await?;
        let insert =
            "INSERT INTO timestamp_migrations (version, name, fingerprint, applied_at_ms) VALUES ($1, $2, $3, $4)";
        let fingerprint = fingerprint(migration.sql);
        let values = vec![
            Parameter::Integer(migration.version),
            Parameter::Text(migration.name),
            Parameter::Text(&fingerprint),
            Parameter::Integer(now.as_millis()),
        ];
        let insert = session.prepare(insert).await?;
        session.execute(&insert, values).await?;
    }
    Ok(())
}

/// Returns the version of the applied migrations, after comparing each with the one this program knows.
pub(super) async fn check(session: &Session) -> Result<i64, MigrationError> {
    let there = session.ask("SELECT to_regclass('timestamp_migrations')::text").await;
    if there.map_err(MigrationError::Unreadable)?.is_none() {
        return Ok(0);
    }
    let sql = "SELECT version, name, fingerprint FROM timestamp_migrations ORDER BY version";
    let mut version = 0;
    for row in session.prepare_and_query(sql, &[]).await.map_err(MigrationError::Unreadable)? {
        let (stored, name, stored_fingerprint) =
            (get::<i64>(&row, 0)?, get::<String>(&row, 1)?, get::<String>(&row, 2)?);
        let known = MIGRATIONS.iter().find(|migration| migration.version == stored);
        match known {
            None => {
                return Err(MigrationError::Different(format!(
                    "migration {stored} (`{name}`) was applied by a newer version of timestamp-repo; this one knows \
                     {VERSION}"
                )));
            }
            Some(known) if fingerprint(known.sql) != stored_fingerprint => {
                return Err(MigrationError::Different(format!(
                    "migration {stored} (`{name}`) was applied in another form than this program knows"
                )));
            }
            Some(_) => version = stored,
        }
    }
    Ok(version)
}

/// Line ends and indentation do not count, so that a checkout with other line ends has the same fingerprint.
fn fingerprint(sql: &str) -> String {
    let mut hasher = FxHasher::default();
    for word in sql.split_whitespace() {
        hasher.write(word.as_bytes());
        hasher.write_u8(b' ');
    }
    format!("{:016x}", hasher.finish())
}
