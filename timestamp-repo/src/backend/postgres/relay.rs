//! The relay's side of the database.
//!
//! Events become visible in the order in which transactions commit, and that is not the order of their numbers: one that
//! began early can commit late. So a relay's place is a snapshot, which says exactly what could be seen and what could
//! not; [`page`] tells how it is read from there on.
//!
//! - [`page`]: events, from a place on. [`progress`]: what the leader found out, in one transaction.
//! - [`held`]: open transactions that hold their events back. [`rebase`]: places that came from another server.

mod held;
mod page;
mod progress;
pub(super) mod rebase;

use std::sync::Arc;
use std::time::Duration;

use timestamp_core::EpochMs;
use tokio::sync::watch;
use tokio_postgres::Row;
use uuid::Uuid;

use super::failure::Failure;
use super::read::{self, STORED_EVENT};
use super::row::{Parameter, get};
use super::store::Postgres;
use super::write::read_only;
use crate::backend::Backend as _;
use crate::error::FindError;
use crate::outbox::EntityTypes;
use crate::relay::RelayError;
use crate::relay::storage::{
    EntityKey, Fetched, Held, HeldTransactions, LARGEST_PAGE, Lease, Page, ParkedEntity, ParkedEvent, Place, Progress,
    Refusal, Relaying, Taken,
};

/// Rows that are looked at beyond those that may be deleted, so that looking has an end where many may not be.
const LOOKED_AT: u32 = 10_000;

impl Postgres {
    async fn relay_read(&self, sql: &str, values: &[Parameter<'_>]) -> Result<Vec<Row>, RelayError> {
        let session = self.reader().await?;
        session.prepare_and_query(sql, values).await.map_err(failed)
    }

    async fn relay_write(&self, sql: &str, values: &[Parameter<'_>]) -> Result<Vec<Row>, RelayError> {
        read_only(self)?;
        let session = self.writer().await?;
        let written = session.prepare_and_query(sql, values).await;
        written.map_err(|failure| failure.into_save_error(false).into())
    }

    /// The same, for a statement that says with each row that it has written one.
    async fn relay_count(&self, sql: &str, values: &[Parameter<'_>]) -> Result<u64, RelayError> {
        Ok(self.relay_write(sql, values).await?.len() as u64)
    }
}

impl Relaying for Postgres {
    fn now(&self) -> EpochMs {
        self.clock().now()
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.listen()
    }

    async fn take_lease(
        &self,
        relay: &str,
        holder: Uuid,
        lease: Duration,
        silent: Option<&Held>,
    ) -> Result<Taken, RelayError> {
        // What a leader of this store has sent and had no answer to may not be written after what the next one reads.
        self.end_doubts().await?;
        let sql = "INSERT INTO timestamp_relay AS it (name, token, holder, lease_until) VALUES ($1, 1, $2, \
                   clock_timestamp() + $3::bigint * interval '1 millisecond') ON CONFLICT (name) DO UPDATE SET token = \
                   it.token + 1, holder = excluded.holder, lease_until = excluded.lease_until WHERE it.holder = \
                   excluded.holder OR it.lease_until <= clock_timestamp() OR it.token = $4 AND it.lease_until::text = $5 \
                   RETURNING token, after::text, within::text, seq";
        let (token, until) = silent.map_or((0, ""), |held| (held.token, held.until.as_str()));
        let values = [
            Parameter::Text(relay),
            Parameter::Uuid(holder),
            Parameter::Integer(millis(lease)),
            Parameter::Integer(token),
            Parameter::Text(until),
        ];
        let rows = self.relay_write(sql, &values).await?;
        if let Some(row) = rows.first() {
            self.leads(relay, holder);
            let lease = (|| Ok(Lease { token: get(row, 0)?, place: place(row)? }))();
            return lease.map(Taken::Lease).map_err(failed);
        }
        let sql = "SELECT token, lease_until::text FROM timestamp_relay WHERE name = $1";
        let rows = self.relay_write(sql, &[Parameter::Text(relay)]).await?;
        // A relay that was forgotten meanwhile is nobody's.
        let Some(row) = rows.first() else { return Ok(Taken::Elsewhere(Held { token: 0, until: String::new() })) };
        let held = (|| Ok(Held { token: get(row, 0)?, until: get(row, 1)? }))();
        held.map(Taken::Elsewhere).map_err(failed)
    }

    async fn keep(&self, relay: &str, token: i64, lease: Duration, progress: &Progress) -> Result<bool, RelayError> {
        read_only(self)?;
        // The same may be on its way from before, where no answer came.
        self.end_doubts().await?;
        let session = self.writer().await?;
        let kept = progress::keep(&session, (relay, token), millis(lease), progress, self.now()).await;
        kept.map_err(|failure| failure.into_save_error(false).into())
    }

    async fn end_lease(&self, relay: &str, token: i64) -> Result<(), RelayError> {
        let sql = "UPDATE timestamp_relay SET lease_until = '-infinity' WHERE name = $1 AND token = $2";
        self.relay_write(sql, &[Parameter::Text(relay), Parameter::Integer(token)]).await.map(drop)
    }

    async fn read_page(&self, from: &Place, only: &[&'static str], limit: u32) -> Result<Page, RelayError> {
        let session = self.reader().await?;
        page::read(&session, from, only, limit).await
    }

    async fn refusals(&self, relay: &str) -> Result<Vec<Refusal>, RelayError> {
        let sql = "SELECT seq, times FROM timestamp_refused WHERE relay = $1";
        let rows = self.relay_read(sql, &[Parameter::Text(relay)]).await?;
        let refusal = |row: &Row| Ok(Refusal { seq: get(row, 0)?, times: count(row, 1)? });
        rows.iter().map(refusal).collect::<Result<_, _>>().map_err(failed)
    }

    async fn parked_entities(&self, relay: &str) -> Result<Vec<ParkedEntity>, RelayError> {
        let sql = "SELECT aggregatetype, aggregateid, count(*), min(seq) FROM timestamp_parked WHERE relay = $1 GROUP BY \
                   aggregatetype, aggregateid";
        let rows = self.relay_read(sql, &[Parameter::Text(relay)]).await?;
        rows.iter().map(parked_entity).collect::<Result<_, _>>().map_err(failed)
    }

    async fn parked_of(&self, relay: &str, entities: &[EntityKey]) -> Result<Vec<ParkedEntity>, RelayError> {
        // One search of an index for each, however many others are parked.
        let sql = "SELECT asked.type, asked.id, parked.events, parked.first FROM unnest($2::text[], $3::text[]) AS asked \
                   (type, id) CROSS JOIN LATERAL (SELECT count(*) AS events, min(seq) AS first FROM timestamp_parked it \
                   WHERE it.relay = $1 AND it.aggregatetype = asked.type AND it.aggregateid = asked.id) AS parked WHERE \
                   parked.events > 0";
        let [types, ids] = lists(entities);
        let rows = self.relay_read(sql, &[Parameter::Text(relay), types, ids]).await?;
        rows.iter().map(parked_entity).collect::<Result<_, _>>().map_err(failed)
    }

    async fn released(&self, relay: &str, busy: &[EntityKey], limit: u32) -> Result<Vec<Fetched>, RelayError> {
        let sql = format!(
            "SELECT event.*, parked.seq, parked.aggregatetype, parked.aggregateid FROM (SELECT seq, aggregatetype, \
             aggregateid FROM timestamp_parked WHERE relay = $1 AND released AND (aggregatetype, aggregateid) NOT IN \
             (SELECT * FROM unnest($2::text[], $3::text[])) ORDER BY seq LIMIT $4) AS parked LEFT JOIN LATERAL (SELECT \
             {STORED_EVENT} FROM timestamp_outbox AS it WHERE it.seq = parked.seq) AS event ON true ORDER BY parked.seq"
        );
        let [types, ids] = lists(busy);
        let values = [Parameter::Text(relay), types, ids, Parameter::Integer(limit.into())];
        let session = self.reader().await?;
        let (rows, _) = session.prepare_and_query_part(&sql, &values, LARGEST_PAGE).await.map_err(failed)?;
        let mut types = EntityTypes::default();
        let released = |row: &Row| match get::<Option<i64>>(row, 0).map_err(failed)? {
            Some(_) => fetched(row, &mut types),
            None => {
                let place = row.len() - 3;
                let entity = entity(row, place + 1).map_err(failed)?;
                Ok(Fetched::gone(get(row, place).map_err(failed)?, entity))
            }
        };
        rows.iter().map(released).collect()
    }

    async fn parked(&self, relay: &str, after: i64, limit: u32) -> Result<Vec<ParkedEvent>, RelayError> {
        let sql = "SELECT seq, aggregatetype, aggregateid, reason, refusals, parked_at_ms, released FROM \
                   timestamp_parked WHERE relay = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let values = [Parameter::Text(relay), Parameter::Integer(after), Parameter::Integer(limit.into())];
        let rows = self.relay_read(sql, &values).await?;
        let event = |row: &Row| {
            Ok(ParkedEvent {
                seq: get(row, 0)?,
                entity_type: get(row, 1)?,
                entity_id: get(row, 2)?,
                reason: get(row, 3)?,
                refusals: count(row, 4)?,
                parked_at: EpochMs::from_millis(get(row, 5)?).unwrap_or(EpochMs::MIN),
                released: get(row, 6)?,
            })
        };
        rows.iter().map(event).collect::<Result<_, _>>().map_err(failed)
    }

    async fn release(&self, relay: &str, entity: Option<(&str, &str)>) -> Result<u64, RelayError> {
        read_only(self)?;
        let session = self.writer().await?;
        let released = progress::release(&session, relay, entity).await;
        released.map_err(|failure| failure.into_save_error(false).into())
    }

    async fn discard(&self, relay: &str, seq: i64) -> Result<bool, RelayError> {
        let sql = "DELETE FROM timestamp_parked WHERE relay = $1 AND seq = $2 RETURNING 1";
        Ok(self.relay_count(sql, &[Parameter::Text(relay), Parameter::Integer(seq)]).await? > 0)
    }

    async fn remove_relay(&self, relay: &str) -> Result<bool, RelayError> {
        let sql = "WITH parked AS (DELETE FROM timestamp_parked WHERE relay = $1), refused AS (DELETE FROM \
                   timestamp_refused WHERE relay = $1) DELETE FROM timestamp_relay WHERE name = $1 RETURNING 1";
        Ok(self.relay_count(sql, &[Parameter::Text(relay)]).await? > 0)
    }

    async fn prune(&self, before: EpochMs, limit: u32) -> Result<u64, RelayError> {
        // Of the oldest, those that may be deleted. Those that only wait for a relay are few, or it reads nothing; those
        // that are parked are counted, so that they never hide what is behind them.
        let sql = format!(
            "WITH oldest AS MATERIALIZED (SELECT seq, xid, recorded_at_ms FROM timestamp_outbox ORDER BY seq LIMIT $2 + \
             {LOOKED_AT} + (SELECT count(DISTINCT seq) FROM timestamp_parked)), done AS MATERIALIZED (SELECT seq FROM \
             oldest WHERE recorded_at_ms < $1 AND NOT EXISTS (SELECT FROM timestamp_relay it WHERE NOT \
             pg_visible_in_snapshot(oldest.xid, it.after)) AND NOT EXISTS (SELECT FROM timestamp_parked it WHERE it.seq = \
             oldest.seq) ORDER BY seq LIMIT $2) DELETE FROM timestamp_outbox WHERE seq = ANY (ARRAY (SELECT seq FROM \
             done)) RETURNING 1"
        );
        self.relay_count(&sql, &[Parameter::Integer(before.as_millis()), Parameter::Integer(limit.into())]).await
    }

    async fn held(&self) -> Result<HeldTransactions, RelayError> {
        let session = self.reader().await?;
        held::held(&session).await.map_err(failed)
    }
}

fn failed(failure: Failure) -> RelayError {
    RelayError::Backend(failure.into_backend())
}

/// For the server, which adds it to its own time.
fn millis(lease: Duration) -> i64 {
    // A thousand years are enough, and more do not fit.
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX).min(31_556_952_000_000)
}

fn count(row: &Row, column: usize) -> Result<u32, Failure> {
    Ok(u32::try_from(get::<i64>(row, column)?).unwrap_or(u32::MAX))
}

/// The place that stands in the columns 1 to 3 of a row.
fn place(row: &Row) -> Result<Place, Failure> {
    Ok(page::stored_place(get(row, 1)?, get(row, 2)?, get(row, 3)?))
}

fn entity(row: &Row, column: usize) -> Result<EntityKey, Failure> {
    Ok(EntityKey { entity_type: get(row, column)?, entity_id: get(row, column + 1)? })
}

fn parked_entity(row: &Row) -> Result<ParkedEntity, Failure> {
    Ok(ParkedEntity { entity: entity(row, 0)?, events: get::<i64>(row, 2)?.unsigned_abs(), first: get(row, 3)? })
}

/// The types and the ids of entities.
fn lists(entities: &[EntityKey]) -> [Parameter<'_>; 2] {
    let types = entities.iter().map(|entity| Parameter::Text(&entity.entity_type)).collect();
    [types, entities.iter().map(|entity| Parameter::Text(&entity.entity_id)).collect()].map(Parameter::List)
}

/// A row, also one that somebody wrote by hand and that is no event.
fn fetched(row: &Row, types: &mut EntityTypes) -> Result<Fetched, RelayError> {
    match read::event(row, types) {
        Ok(event) => Ok(Fetched::Event(Arc::new(event))),
        Err(FindError::Unreadable { column, message, .. }) => Ok(Fetched::Unreadable {
            seq: get(row, 0).map_err(failed)?,
            entity: entity(row, 2).map_err(failed)?,
            message: format!("the column `{column}` of timestamp_outbox is unreadable: {message}"),
        }),
        Err(error) => Err(error.into()),
    }
}
