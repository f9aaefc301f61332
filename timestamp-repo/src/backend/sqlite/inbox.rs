//! What consumers have taken in.

use rusqlite::params;
use timestamp_core::EpochMs;
use uuid::Uuid;

use super::failure;
use super::store::Sqlite;
use super::unit::SqliteUnit;
use crate::error::SaveError;

/// Notes an event in the unit's transaction; `false`, if it was noted before.
pub(super) async fn accept(
    unit: &mut SqliteUnit,
    consumer: &str,
    event_id: Uuid,
    now: EpochMs,
) -> Result<bool, SaveError> {
    let connection = unit.connection().await?;
    let noted = connection
        .prepare_cached(
            "INSERT INTO timestamp_inbox (consumer, event_id, received_at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| statement.execute(params![consumer, event_id.to_string(), now.as_millis()]));
    noted.map(|count| count > 0).map_err(|error| unit.settle_error(failure::save_error(error)))
}

/// Forgets up to `limit` of what a consumer has taken in before a time.
pub(super) async fn prune(store: &Sqlite, consumer: &str, before: EpochMs, limit: u32) -> Result<u64, SaveError> {
    let consumer = consumer.to_owned();
    store
        .write_aside(move |connection, _| {
            let sql = "DELETE FROM timestamp_inbox WHERE rowid IN (SELECT rowid FROM timestamp_inbox WHERE consumer = ?1 AND \
                       received_at_ms < ?2 ORDER BY received_at_ms LIMIT ?3)";
            let count = connection.prepare_cached(sql)?.execute(params![consumer, before.as_millis(), limit])?;
            Ok(count as u64)
        })
        .await
}
