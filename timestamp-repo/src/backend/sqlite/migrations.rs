//! The framework's own tables, as versioned migrations.
//!
//! A migration that was released is never changed; its fingerprint is stored beside it, so that one which was changed is
//! noticed. They are applied when a store is opened for writing, in one transaction under the write lock, so that two
//! programs that start at once take turns.

use std::hash::Hasher;

use rusqlite::{Connection, params};
use rustc_hash::FxHasher;
use timestamp_core::EpochMs;

struct Migration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "outbox", sql: include_str!("../../../migrations/sqlite/0001_outbox.sql") },
    Migration { version: 2, name: "relay", sql: include_str!("../../../migrations/sqlite/0002_relay.sql") },
    Migration { version: 3, name: "parking", sql: include_str!("../../../migrations/sqlite/0003_parking.sql") },
];

/// The version that this program needs.
pub(super) const VERSION: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Why the framework's tables are not what this program needs.
pub(super) enum MigrationError {
    Sql(rusqlite::Error),
    /// In words, with the migration's name.
    Different(String),
}

impl From<rusqlite::Error> for MigrationError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Applies what is missing. Runs inside the caller's transaction.
pub(super) fn apply(connection: &Connection, now: EpochMs) -> Result<(), MigrationError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS timestamp_migrations (
             version       INTEGER PRIMARY KEY,
             name          TEXT   NOT NULL,
             fingerprint   TEXT   NOT NULL,
             applied_at_ms BIGINT NOT NULL
         )",
    )?;
    let applied = check(connection)?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > applied) {
        connection.execute_batch(migration.sql)?;
        connection.execute(
            "INSERT INTO timestamp_migrations (version, name, fingerprint, applied_at_ms) VALUES (?1, ?2, ?3, ?4)",
            params![migration.version, migration.name, fingerprint(migration.sql), now.as_millis()],
        )?;
    }
    Ok(())
}

/// Returns the version of the applied migrations, after comparing each with the one this program knows.
pub(super) fn check(connection: &Connection) -> Result<u32, MigrationError> {
    let exists: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'timestamp_migrations')",
        [],
        |row| row.get(0),
    )?;
    if !exists {
        return Ok(0);
    }
    let mut rows =
        connection.prepare("SELECT version, name, fingerprint FROM timestamp_migrations ORDER BY version")?;
    let rows =
        rows.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))?;
    let mut version = 0;
    for row in rows {
        let (stored, name, stored_fingerprint) = row?;
        let known = MIGRATIONS.iter().find(|migration| migration.version == stored);
        match known {
            None => {
                return Err(MigrationError::Different(format!(
                    "migration {stored} (`{name}`) was applied by a newer version of timestamp-repo, and this one knows \
                     {VERSION}: update timestamp-repo"
                )));
            }
            Some(known) if fingerprint(known.sql) != stored_fingerprint => {
                return Err(MigrationError::Different(format!(
                    "migration {stored} (`{name}`) was applied in another form than this program knows: use the \
                     version of timestamp-repo that applied it"
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
