//! The relay's side of the database.
//!
//! There is one writer at a time, so events become visible in the order of their numbers, and a number says how far a
//! relay is.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use timestamp_core::EpochMs;
use tokio::sync::watch;
use uuid::Uuid;

use super::backend::blocking;
use super::failure::{self, InFile as _};
use super::read::{self, EVENT_COLUMNS};
use super::store::Sqlite;
use super::writer::{CommitFailure, Writer};
use crate::error::{FindError, SaveError};
use crate::outbox::EntityTypes;
use crate::relay::RelayError;
use crate::relay::storage::{
    EntityKey, Fetched, Held, HeldTransactions, LARGEST_PAGE, Lease, Page, ParkedEntity, ParkedEvent, Place, Progress,
    Refusal, Relaying, Taken,
};

impl Sqlite {
    /// Reads on a thread where it blocks no executor.
    async fn relay_read<T, F>(&self, read: F) -> Result<T, RelayError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let store = self.clone();
        let done = blocking(move || {
            let _read = store.inner.reads.begin("a relay that reads the outbox".to_owned());
            let reader = store.reader()?;
            let read = read(&reader).map_err(|error| FindError::Backend(failure::backend(error)));
            read.map_err(|error| error.in_file(&store.inner.path))
        });
        Ok(done.await?)
    }

    /// Writes in a transaction of its own, on the thread that writes.
    async fn relay_write<T, F>(&self, write: F) -> Result<T, RelayError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, EpochMs) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(self.write_aside(write).await?)
    }

    /// Writes beside the saves, in a transaction of its own on the thread that writes.
    pub(super) async fn write_aside<T, F>(&self, write: F) -> Result<T, SaveError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, EpochMs) -> rusqlite::Result<T> + Send + 'static,
    {
        let timeout = self.busy_timeout();
        self.exclusive(move |writer: &Writer| {
            writer.begin_waiting(timeout)?;
            let written = write(writer.connection(), writer.clock().now()).map_err(failure::save_error);
            let committed = written.and_then(|written| match writer.commit_unfaulted() {
                Ok(()) => Ok(written),
                Err(CommitFailure::Unknown) => Err(SaveError::OutcomeUnknown),
                Err(CommitFailure::NotStored(error)) => Err(failure::save_error(error)),
            });
            writer.rollback();
            committed
        })
        .await
    }
}

impl Relaying for Sqlite {
    fn now(&self) -> EpochMs {
        self.inner.options.clock.now()
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.inner.stored.subscribe()
    }

    async fn take_lease(
        &self,
        relay: &str,
        holder: Uuid,
        lease: Duration,
        silent: Option<&Held>,
    ) -> Result<Taken, RelayError> {
        let (relay, holder) = (relay.to_owned(), holder.to_string());
        let silent = silent.map(|held| (held.token, held.until.clone())).unzip();
        self.relay_write(move |connection, now| {
            let until = until(now, lease);
            let taken = connection
                .prepare_cached(
                    "INSERT INTO timestamp_relay (name, token, holder, lease_until_ms) VALUES (?1, 1, ?2, ?3) \
                     ON CONFLICT (name) DO UPDATE SET token = token + 1, holder = ?2, lease_until_ms = ?3 \
                     WHERE holder = ?2 OR lease_until_ms <= ?4 OR token = ?5 AND CAST(lease_until_ms AS TEXT) = ?6 \
                     RETURNING token, seq",
                )?
                .query_row(params![relay, holder, until, now.as_millis(), silent.0, silent.1], |row| {
                    Ok(Lease { token: row.get(0)?, place: Place { window: None, seq: row.get(1)? } })
                })
                .optional()?;
            if let Some(lease) = taken {
                return Ok(Taken::Lease(lease));
            }
            let sql = "SELECT token, CAST(lease_until_ms AS TEXT) FROM timestamp_relay WHERE name = ?1";
            let held = |row: &Row<'_>| Ok(Held { token: row.get(0)?, until: row.get(1)? });
            connection.prepare_cached(sql)?.query_row([relay], held).map(Taken::Elsewhere)
        })
        .await
    }

    async fn keep(&self, relay: &str, token: i64, lease: Duration, progress: &Progress) -> Result<bool, RelayError> {
        let (relay, progress) = (relay.to_owned(), progress.clone());
        self.relay_write(move |connection, now| keep(connection, &relay, token, until(now, lease), &progress, now))
            .await
    }

    async fn end_lease(&self, relay: &str, token: i64) -> Result<(), RelayError> {
        let relay = relay.to_owned();
        self.relay_write(move |connection, _| {
            let sql = "UPDATE timestamp_relay SET lease_until_ms = 0 WHERE name = ?1 AND token = ?2";
            connection.prepare_cached(sql)?.execute(params![relay, token]).map(drop)
        })
        .await
    }

    async fn read_page(&self, from: &Place, only: &[&'static str], limit: u32) -> Result<Page, RelayError> {
        let (from, only) = (from.seq, only.to_vec());
        self.relay_read(move |connection| page(connection, from, &only, limit)).await
    }

    async fn refusals(&self, relay: &str) -> Result<Vec<Refusal>, RelayError> {
        let relay = relay.to_owned();
        self.relay_read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT seq, times FROM timestamp_refused WHERE relay = ?1")?;
            let rows = statement.query_map([relay], |row| Ok(Refusal { seq: row.get(0)?, times: row.get(1)? }))?;
            rows.collect()
        })
        .await
    }

    async fn parked_entities(&self, relay: &str) -> Result<Vec<ParkedEntity>, RelayError> {
        let relay = relay.to_owned();
        self.relay_read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT aggregatetype, aggregateid, count(*), min(seq) FROM timestamp_parked WHERE relay = ?1 GROUP BY \
                 aggregatetype, aggregateid",
            )?;
            let rows = statement.query_map([relay], |row| {
                let (entity, events) = (entity(row, 0)?, row.get::<_, i64>(2)?.unsigned_abs());
                Ok(ParkedEntity { entity, events, first: row.get(3)? })
            })?;
            rows.collect()
        })
        .await
    }

    async fn parked_of(&self, relay: &str, entities: &[EntityKey]) -> Result<Vec<ParkedEntity>, RelayError> {
        let (relay, entities) = (relay.to_owned(), entities.to_vec());
        self.relay_read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*), min(seq) FROM timestamp_parked WHERE relay = ?1 AND aggregatetype = ?2 AND aggregateid = \
                 ?3",
            )?;
            let mut parked = Vec::new();
            for entity in entities {
                let (events, first): (i64, Option<i64>) = statement
                    .query_row(params![relay, entity.entity_type, entity.entity_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
                if let Some(first) = first {
                    parked.push(ParkedEntity { entity, events: events.unsigned_abs(), first });
                }
            }
            Ok(parked)
        })
        .await
    }

    async fn released(&self, relay: &str, busy: &[EntityKey], limit: u32) -> Result<Vec<Fetched>, RelayError> {
        let (relay, busy) = (relay.to_owned(), busy.iter().cloned().collect::<HashSet<_>>());
        self.relay_read(move |connection| released(connection, &relay, &busy, limit)).await
    }

    async fn parked(&self, relay: &str, after: i64, limit: u32) -> Result<Vec<ParkedEvent>, RelayError> {
        let relay = relay.to_owned();
        self.relay_read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, aggregatetype, aggregateid, reason, refusals, parked_at_ms, released FROM timestamp_parked \
                 WHERE relay = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            )?;
            let rows = statement.query_map(params![relay, after, limit], |row| {
                Ok(ParkedEvent {
                    seq: row.get(0)?,
                    entity_type: row.get(1)?,
                    entity_id: row.get(2)?,
                    reason: row.get(3)?,
                    refusals: row.get(4)?,
                    parked_at: EpochMs::from_millis(row.get(5)?).unwrap_or(EpochMs::MIN),
                    released: row.get(6)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    async fn release(&self, relay: &str, entity: Option<(&str, &str)>) -> Result<u64, RelayError> {
        let relay = relay.to_owned();
        let entity = entity.map(|(entity_type, id)| (entity_type.to_owned(), id.to_owned()));
        self.relay_write(move |connection, _| {
            let all = "UPDATE timestamp_parked SET released = TRUE WHERE relay = ?1";
            let count = match entity {
                None => connection.execute(all, [relay])?,
                Some((entity_type, id)) => {
                    let sql = format!("{all} AND aggregatetype = ?2 AND aggregateid = ?3");
                    connection.execute(&sql, params![relay, entity_type, id])?
                }
            };
            Ok(count as u64)
        })
        .await
    }

    async fn discard(&self, relay: &str, seq: i64) -> Result<bool, RelayError> {
        let relay = relay.to_owned();
        self.relay_write(move |connection, _| {
            let sql = "DELETE FROM timestamp_parked WHERE relay = ?1 AND seq = ?2";
            connection.execute(sql, params![relay, seq]).map(|count| count > 0)
        })
        .await
    }

    async fn remove_relay(&self, relay: &str) -> Result<bool, RelayError> {
        let relay = relay.to_owned();
        self.relay_write(move |connection, _| {
            connection.execute("DELETE FROM timestamp_parked WHERE relay = ?1", [&relay])?;
            connection.execute("DELETE FROM timestamp_refused WHERE relay = ?1", [&relay])?;
            connection.execute("DELETE FROM timestamp_relay WHERE name = ?1", [&relay]).map(|count| count > 0)
        })
        .await
    }

    async fn prune(&self, before: EpochMs, limit: u32) -> Result<u64, RelayError> {
        self.relay_write(move |connection, _| {
            // The oldest are looked at, and of these those deleted that may be: without the bound, a search that finds
            // nothing to delete would go through the whole table.
            let count = connection
                .prepare_cached(
                    "DELETE FROM timestamp_outbox WHERE seq IN (SELECT seq FROM timestamp_outbox WHERE seq NOT IN \
                     (SELECT seq FROM timestamp_parked) AND seq <= coalesce((SELECT min(seq) FROM timestamp_relay), \
                     9223372036854775807) ORDER BY seq LIMIT ?2) AND recorded_at_ms < ?1",
                )?
                .execute(params![before.as_millis(), limit])?;
            Ok(count as u64)
        })
        .await
    }

    /// Nobody sees a number before all smaller ones.
    async fn held(&self) -> Result<HeldTransactions, RelayError> {
        Ok(HeldTransactions::default())
    }
}

fn until(now: EpochMs, lease: Duration) -> i64 {
    now.as_millis().saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}

fn keep(
    connection: &Connection,
    relay: &str,
    token: i64,
    lease_until: i64,
    progress: &Progress,
    now: EpochMs,
) -> rusqlite::Result<bool> {
    let renewed = connection
        .prepare_cached(
            "UPDATE timestamp_relay SET lease_until_ms = ?3, seq = coalesce(?4, seq) WHERE name = ?1 AND token = ?2",
        )?
        .execute(params![relay, token, lease_until, progress.place.as_ref().map(|place| place.seq)])?;
    if renewed == 0 {
        return Ok(false);
    }
    for again in &progress.parked_again {
        connection
            .prepare_cached("UPDATE timestamp_parked SET reason = ?3, refusals = ?4 WHERE relay = ?1 AND seq = ?2")?
            .execute(params![relay, again.seq, again.reason, again.refusals])?;
        connection
            .prepare_cached(
                "UPDATE timestamp_parked SET released = FALSE WHERE relay = ?1 AND aggregatetype = ?2 AND \
                 aggregateid = ?3",
            )?
            .execute(params![relay, again.entity.entity_type, again.entity.entity_id])?;
    }
    for event in &progress.parked {
        connection
            .prepare_cached(
                "INSERT INTO timestamp_parked (relay, seq, aggregatetype, aggregateid, reason, refusals, parked_at_ms, \
                 released) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5 IS NULL AND coalesce((SELECT released FROM \
                 timestamp_parked WHERE relay = ?1 AND aggregatetype = ?3 AND aggregateid = ?4 ORDER BY seq DESC LIMIT 1), \
                 TRUE)) ON CONFLICT (relay, seq) DO UPDATE SET reason = excluded.reason, refusals = excluded.refusals, \
                 released = FALSE WHERE excluded.reason IS NOT NULL",
            )?
            .execute(params![
                relay,
                event.seq,
                event.entity.entity_type,
                event.entity.entity_id,
                event.reason,
                event.refusals,
                now.as_millis(),
            ])?;
    }
    for seq in &progress.delivered_from_parking {
        let sql = "DELETE FROM timestamp_parked WHERE relay = ?1 AND seq = ?2";
        connection.prepare_cached(sql)?.execute(params![relay, seq])?;
    }
    for refusal in &progress.refusals {
        if refusal.times == 0 {
            let sql = "DELETE FROM timestamp_refused WHERE relay = ?1 AND seq = ?2";
            connection.prepare_cached(sql)?.execute(params![relay, refusal.seq])?;
        } else {
            connection
                .prepare_cached("INSERT OR REPLACE INTO timestamp_refused (relay, seq, times) VALUES (?1, ?2, ?3)")?
                .execute(params![relay, refusal.seq, refusal.times])?;
        }
    }
    Ok(true)
}

fn page(connection: &Connection, from: i64, only: &[&'static str], limit: u32) -> rusqlite::Result<Page> {
    let condition = match only {
        [] => String::new(),
        only => format!("AND aggregatetype IN ({})", vec!["?"; only.len()].join(", ")),
    };
    // Both statements see the same: what others are passed over is passed over up to the same event.
    let transaction = Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Deferred)?;
    let last: Option<i64> = match only {
        [] => None,
        _ => transaction.prepare_cached("SELECT max(seq) FROM timestamp_outbox")?.query_row([], |row| row.get(0))?,
    };
    let mut bytes = 0;
    let mut events = Vec::with_capacity(if only.is_empty() { 64 } else { 0 });
    let mut types = EntityTypes::default();
    {
        let sql =
            format!("SELECT {EVENT_COLUMNS} FROM timestamp_outbox WHERE seq > ? {condition} ORDER BY seq LIMIT ?");
        let mut statement = transaction.prepare_cached(&sql)?;
        statement.raw_bind_parameter(1, from)?;
        for (place, name) in only.iter().enumerate() {
            statement.raw_bind_parameter(place + 2, name)?;
        }
        statement.raw_bind_parameter(only.len() + 2, limit)?;
        let mut rows = statement.raw_query();
        while bytes < LARGEST_PAGE
            && let Some(row) = rows.next()?
        {
            let (seq, event) = (row.get(0)?, fetched(row, &mut types)?);
            bytes += event.weight();
            events.push((event, Place { window: None, seq }));
        }
    }
    transaction.finish()?;
    let is_last = events.len() < limit as usize && bytes < LARGEST_PAGE;
    let mut end = events.last().map_or(from, |(_, place)| place.seq);
    if is_last && let Some(last) = last {
        end = end.max(last);
    }
    Ok(Page { events, end: Place { window: None, seq: end }, is_last })
}

/// Both statements see the same, so that an event which is missing was deleted by somebody.
fn released(
    connection: &Connection,
    relay: &str,
    busy: &HashSet<EntityKey>,
    limit: u32,
) -> rusqlite::Result<Vec<Fetched>> {
    let transaction = Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Deferred)?;
    let (mut events, mut bytes, mut types) = (Vec::new(), 0, EntityTypes::default());
    {
        let mut parked = transaction.prepare_cached(
            "SELECT aggregatetype, aggregateid, seq FROM timestamp_parked WHERE relay = ?1 AND released ORDER BY seq",
        )?;
        let mut event =
            transaction.prepare_cached(&format!("SELECT {EVENT_COLUMNS} FROM timestamp_outbox WHERE seq = ?1"))?;
        let mut rows = parked.query([relay])?;
        while events.len() < limit as usize
            && bytes < LARGEST_PAGE
            && let Some(row) = rows.next()?
        {
            let (entity, seq) = (entity(row, 0)?, row.get(2)?);
            if busy.contains(&entity) {
                continue;
            }
            let found = event.query_row([seq], |row| fetched(row, &mut types)).optional()?;
            let found = found.unwrap_or_else(|| Fetched::gone(seq, entity));
            bytes += found.weight();
            events.push(found);
        }
    }
    transaction.finish()?;
    Ok(events)
}

fn entity(row: &Row<'_>, column: usize) -> rusqlite::Result<EntityKey> {
    Ok(EntityKey { entity_type: row.get(column)?, entity_id: row.get(column + 1)? })
}

/// A row, also one that somebody wrote by hand and that is no event.
fn fetched(row: &Row<'_>, types: &mut EntityTypes) -> rusqlite::Result<Fetched> {
    match read::event(row, types) {
        Ok(event) => Ok(Fetched::Event(Arc::new(event))),
        Err(FindError::Unreadable { column, message, .. }) => {
            let text = |column| row.get::<_, String>(column).unwrap_or_default();
            Ok(Fetched::Unreadable {
                seq: row.get(0)?,
                entity: EntityKey { entity_type: text(2), entity_id: text(3) },
                message: format!("the column `{column}` of timestamp_outbox is unreadable: {message}"),
            })
        }
        Err(error) => Err(rusqlite::Error::UserFunctionError(Box::new(error))),
    }
}
