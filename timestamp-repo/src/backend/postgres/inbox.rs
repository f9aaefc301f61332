//! What consumers have taken in.

use timestamp_core::EpochMs;
use uuid::Uuid;

use super::failure::Failure;
use super::row::Parameter;
use super::session::Session;
use super::store::Postgres;
use crate::error::SaveError;

/// Notes an event in the session's transaction; `false`, if it was noted before.
pub(super) async fn accept(session: &Session, consumer: &str, event_id: Uuid, now: EpochMs) -> Result<bool, Failure> {
    let sql = "INSERT INTO timestamp_inbox (consumer, event_id, received_at_ms) VALUES ($1, $2, $3) \
               ON CONFLICT DO NOTHING";
    let statement = session.prepare(sql).await?;
    let values = vec![Parameter::Text(consumer), Parameter::Uuid(event_id), Parameter::Integer(now.as_millis())];
    session.execute(&statement, values).await.map(|count| count > 0)
}

/// Forgets up to `limit` of what a consumer has taken in before a time.
pub(super) async fn prune(store: &Postgres, consumer: &str, before: EpochMs, limit: u32) -> Result<u64, SaveError> {
    super::write::read_only(store)?;
    let session = store.writer().await?;
    let failed = |failure: Failure| failure.into_save_error(false);
    let sql = "DELETE FROM timestamp_inbox WHERE consumer = $1 AND event_id = ANY (ARRAY (SELECT event_id FROM \
               timestamp_inbox WHERE consumer = $1 AND received_at_ms < $2 ORDER BY received_at_ms LIMIT $3))";
    let statement = session.prepare(sql).await.map_err(failed)?;
    let (before, limit) = (Parameter::Integer(before.as_millis()), Parameter::Integer(limit.into()));
    session.execute(&statement, vec![Parameter::Text(consumer), before, limit]).await.map_err(failed)
}
