//! The connections that read, and what is read with them.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Row};
use timestamp_core::{__private as core, EpochMs, Record, UnknownEventKind, Value};
use uuid::Uuid;

use super::connection::open_reader;
use super::failure;
use super::row::{Loading, bind, restore};
use super::table::Table;
use crate::backend::Query;
use crate::error::{BackendError, FindError};
use crate::outbox::{EntityTypes, EventQuery, StoredEvent};
use crate::page::PageToken;

/// Idle connections that are kept. More may be in use at once: a read is not made to wait for another.
const IDLE: usize = 8;

/// Ids looked up with one statement. SQLite allows 32,766 parameters; this many keep the statement small.
const IDS_PER_STATEMENT: usize = 500;

/// The connections that read.
pub(super) struct Readers {
    path: PathBuf,
    busy_timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

/// A connection on loan; it goes back when dropped.
pub(super) struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, busy_timeout: Duration) -> Self {
        Self { path, busy_timeout, idle: Mutex::new(Vec::new()) }
    }

    pub(super) fn reader(&self) -> Result<Reader<'_>, FindError> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path, self.busy_timeout).map_err(backend)?,
        };
        Ok(Reader { readers: self, connection: Some(connection) })
    }
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("the connection is taken only on drop"),
        }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut idle = lock(&self.readers.idle);
        if idle.len() < IDLE {
            idle.extend(self.connection.take());
        }
    }
}

/// Reads that may take long, by age, so that a log which can not be shortened can say why.
#[derive(Default)]
pub(super) struct ActiveReads(Mutex<Active>);

#[derive(Default)]
struct Active {
    next: u64,
    reads: BTreeMap<u64, (String, Instant)>,
}

/// One read that may take long.
pub(super) struct ActiveRead<'a> {
    reads: &'a ActiveReads,
    number: u64,
}

impl ActiveReads {
    pub(super) fn begin(&self, what: String) -> ActiveRead<'_> {
        let mut active = lock(&self.0);
        let number = active.next;
        active.next += 1;
        active.reads.insert(number, (what, Instant::now()));
        ActiveRead { reads: self, number }
    }

    /// Describes the read that has gone on longest.
    pub(super) fn oldest(&self) -> String {
        match lock(&self.0).reads.values().next() {
            Some((what, since)) => format!("{what}, for {:.1} s", since.elapsed().as_secs_f64()),
            None => "another process, or SQL on a connection of your own".to_owned(),
        }
    }
}

impl Drop for ActiveRead<'_> {
    fn drop(&mut self) {
        lock(&self.reads.0).reads.remove(&self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn backend(error: rusqlite::Error) -> FindError {
    FindError::Backend(failure::backend(error))
}

/// Reads one row.
pub(super) fn find<E: Record>(
    connection: &Connection,
    table: &Table,
    id: &E::Id,
    loading: Loading<'_>,
) -> Result<Option<E>, FindError> {
    let mut statement = connection.prepare_cached(&table.find).map_err(backend)?;
    // An id that no column can hold belongs to no row.
    let Ok(id) = core::id_value::<E>(id) else { return Ok(None) };
    bind(&mut statement, 1, &id, table.uuid_as_blob(table.id_column)).map_err(backend)?;
    let mut rows = statement.raw_query();
    rows.next().map_err(backend)?.map(|row| restore(row, table, loading)).transpose()
}

/// Reads rows.
pub(super) fn select<E: Record>(
    connection: &Connection,
    table: &Table,
    query: &Query,
    loading: Loading<'_>,
) -> Result<Vec<E>, FindError> {
    let Table { sql_name, columns_sql, id_sql, updated_at_sql, .. } = table;
    let all = format!("SELECT {columns_sql} FROM {sql_name}");
    let blob_id = table.uuid_as_blob(table.id_column);
    match query {
        Query::Ids(ids) => {
            let mut found = Vec::with_capacity(ids.len());
            for ids in ids.chunks(IDS_PER_STATEMENT) {
                let places = vec!["?"; ids.len()].join(", ");
                let sql = format!("{all} WHERE {id_sql} IN ({places})");
                found.append(&mut rows(connection, table, &sql, ids, blob_id, loading)?);
            }
            Ok(found)
        }
        Query::Filter { sql, values } => {
            rows(connection, table, &format!("{all} WHERE {sql}"), values, blob_id, loading)
        }
        Query::Recent { after: None, limit } => {
            let sql = format!("{all} ORDER BY {updated_at_sql} DESC, {id_sql} DESC LIMIT ?");
            rows(connection, table, &sql, &[Value::Integer((*limit).into())], false, loading)
        }
        Query::Recent { after: Some(after), limit } => {
            let sql = format!(
                "{all} WHERE ({updated_at_sql}, {id_sql}) < (?, ?) ORDER BY {updated_at_sql} DESC, {id_sql} DESC LIMIT ?"
            );
            let values = [Value::Time(after.millis()?), token_id(after, blob_id)?, Value::Integer((*limit).into())];
            rows(connection, table, &sql, &values, blob_id, loading)
        }
        Query::ChangedSince(at) => {
            let sql = format!("{all} WHERE {updated_at_sql} >= ? ORDER BY {updated_at_sql}, {id_sql}");
            rows(connection, table, &sql, &[Value::Time(*at)], false, loading)
        }
    }
}

/// The id of a page token as the table keeps it. An integer is compared as one: SQLite applies the column's affinity.
fn token_id(token: &PageToken, blob_id: bool) -> Result<Value<'static>, FindError> {
    if !blob_id {
        return Ok(Value::Text(token.id.clone().into()));
    }
    let foreign = |_| FindError::Backend(BackendError::new("the page token is not one of this table"));
    Uuid::try_parse(&token.id).map(Value::Uuid).map_err(foreign)
}

fn rows<E: Record>(
    connection: &Connection,
    table: &Table,
    sql: &str,
    values: &[Value<'_>],
    uuid_as_blob: bool,
    loading: Loading<'_>,
) -> Result<Vec<E>, FindError> {
    let mut statement = connection.prepare_cached(sql).map_err(backend)?;
    let expected = statement.parameter_count();
    if expected != values.len() {
        return Err(FindError::Backend(failure::wrong_count(expected, values.len())));
    }
    for (place, value) in values.iter().enumerate() {
        bind(&mut statement, place + 1, value, uuid_as_blob).map_err(backend)?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(backend)? {
        found.push(restore(row, table, loading)?);
    }
    Ok(found)
}

pub(super) const EVENT_COLUMNS: &str = "seq, id, aggregatetype, aggregateid, kind, version, reason, occurred_at_ms, \
                             recorded_at_ms, payload, tenantid, correlationid, causationid, traceparent";

/// Reads events.
pub(super) fn events(connection: &Connection, query: &EventQuery) -> Result<Vec<StoredEvent>, FindError> {
    let (condition, values) = match query {
        EventQuery::After { seq, limit } => (
            "seq > ?1 ORDER BY seq LIMIT ?2",
            [rusqlite::types::Value::Integer(*seq), rusqlite::types::Value::Integer((*limit).into())],
        ),
        EventQuery::Of { entity_type, entity_id } => (
            "aggregatetype = ?1 AND aggregateid = ?2 ORDER BY version",
            [rusqlite::types::Value::Text((*entity_type).to_owned()), rusqlite::types::Value::Text(entity_id.clone())],
        ),
    };
    let sql = format!("SELECT {EVENT_COLUMNS} FROM timestamp_outbox WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql).map_err(backend)?;
    let mut rows = statement.query(values).map_err(backend)?;
    let (mut events, mut types) = (Vec::new(), EntityTypes::default());
    while let Some(row) = rows.next().map_err(backend)? {
        events.push(event(row, &mut types)?);
    }
    Ok(events)
}

pub(super) fn event(row: &Row<'_>, types: &mut EntityTypes) -> Result<StoredEvent, FindError> {
    let seq: i64 = row.get(0).map_err(backend)?;
    let unreadable = |column: &str, message: String| FindError::Unreadable {
        table: "timestamp_outbox".to_owned(),
        column: column.to_owned(),
        id: seq.to_string(),
        message,
    };
    let time = |index: usize, column: &str| {
        let millis: i64 = row.get(index).map_err(|_| unreadable(column, "expected epoch milliseconds".to_owned()))?;
        EpochMs::from_millis(millis).map_err(|error| unreadable(column, error.to_string()))
    };
    let text = |index: usize, column: &str| {
        let value = row.get_ref(index).map_err(backend)?;
        value.as_str().map_err(|_| unreadable(column, "expected text".to_owned()))
    };
    let optional = |index: usize, column: &str| {
        row.get::<_, Option<String>>(index).map_err(|_| unreadable(column, "expected text or NULL".to_owned()))
    };
    let id = Uuid::try_parse(text(1, "id")?).map_err(|_| unreadable("id", "the text is not a UUID".to_owned()))?;
    let version: i64 = row.get(5).map_err(|_| unreadable("version", "expected an integer".to_owned()))?;
    let kind = text(4, "kind")?.parse().map_err(|error: UnknownEventKind| unreadable("kind", error.to_string()))?;
    Ok(StoredEvent {
        seq,
        id,
        entity_type: types.shared(text(2, "aggregatetype")?),
        entity_id: text(3, "aggregateid")?.to_owned(),
        kind,
        version: u64::try_from(version).map_err(|_| unreadable("version", "a version is positive".to_owned()))?,
        reason: optional(6, "reason")?,
        at: time(7, "occurred_at_ms")?,
        recorded_at: time(8, "recorded_at_ms")?,
        payload: text(9, "payload")?.to_owned(),
        tenant_id: optional(10, "tenantid")?,
        correlation_id: optional(11, "correlationid")?,
        causation_id: optional(12, "causationid")?,
        traceparent: optional(13, "traceparent")?,
    })
}
