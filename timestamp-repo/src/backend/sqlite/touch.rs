//! Bulk touches: rows and their events in one transaction, without loading them.
//!
//! The rows are chosen once, into a temporary table; events and rows are then written from that, so both are of the same
//! rows whatever the condition says the second time.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OptionalExtension as _, params};
use timestamp_core::{EpochMs, EventKind};
use uuid::Uuid;

use super::failure;
use super::row::bind;
use super::table::Table;
use super::write::event_type;
use crate::backend::BulkTouch;
use crate::error::{BackendError, FindError};
use crate::outbox::Said;
use crate::save::event_id;

/// The functions that bulk touches call from SQL, so that an event of a bulk touch is made by the same code as any other.
pub(super) fn register_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("timestamp_event_id", 1, flags, |context| {
        Ok(event_id(time(context, 0)?).to_string())
    })?;
    connection.create_scalar_function("timestamp_touch_payload", 4, flags, |context| {
        let version = context.get::<i64>(0)?;
        let reason = context.get::<String>(1)?;
        let said = Said {
            kind: EventKind::Updated,
            version: u64::try_from(version).unwrap_or(0),
            reason: Some(&reason),
            at: time(context, 2)?,
            previous: Some(time(context, 3)?),
            data: None,
            state: None,
        };
        Ok(said.json())
    })?;
    connection.create_scalar_function("timestamp_uuid_text", 1, flags, |context| {
        let Ok(bytes) = context.get::<Vec<u8>>(0) else { return Ok(None) };
        Ok(Uuid::from_slice(&bytes).ok().map(|uuid| uuid.to_string()))
    })
}

fn time(context: &Context<'_>, argument: usize) -> rusqlite::Result<EpochMs> {
    let millis = context.get::<i64>(argument)?;
    EpochMs::from_millis(millis).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))
}

/// Why rows were not touched. What was written so far must be undone.
pub(super) enum Untouched {
    /// A trigger ignored some of them; their events must not stand.
    Ignored,
    /// The caller gave more values than there are places for them, or fewer.
    Asked(BackendError),
    /// A row does not hold what the timestamps need.
    Unreadable(FindError),
    /// SQLite refused a statement.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Untouched {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Touches the rows in the open transaction. Returns how many.
pub(super) fn touch_rows(
    connection: &Connection,
    table: &Table,
    entity_type: &str,
    touch: &BulkTouch,
    now: EpochMs,
) -> Result<u64, Untouched> {
    let Table { sql_name, id_sql, updated_at_sql, version_sql, .. } = table;
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS timestamp_touched (id, entity_id TEXT, version, previous, at);
         DELETE FROM temp.timestamp_touched",
    )?;
    let id_text = if table.uuid_as_blob(table.id_column) {
        format!("timestamp_uuid_text({id_sql})")
    } else {
        format!("CAST({id_sql} AS TEXT)")
    };
    let mut choose = connection.prepare(&format!(
        "INSERT INTO temp.timestamp_touched (id, entity_id, version, previous) \
         SELECT {id_sql}, {id_text}, {version_sql}, {updated_at_sql} FROM {sql_name} WHERE ({})",
        touch.sql
    ))?;
    let (expected, given) = (choose.parameter_count(), touch.values.len());
    if expected != given {
        return Err(Untouched::Asked(failure::wrong_count(expected, given)));
    }
    for (place, value) in touch.values.iter().enumerate() {
        bind(&mut choose, place + 1, value, table.uuid_as_blob(table.id_column))?;
    }
    let count = choose.raw_execute()?;
    drop(choose);
    if count == 0 {
        return Ok(0);
    }
    check_rows(connection, table)?;
    // Law 2: the row's time does not go back, whatever the clock says.
    connection.execute(
        "UPDATE temp.timestamp_touched SET version = version + 1, at = max(previous, ?1)",
        [now.as_millis()],
    )?;
    let context = touch.context.as_ref().map(|context| context.columns()).unwrap_or_default();
    let [tenant_id, correlation_id, causation_id, traceparent] = context;
    connection.execute(
        "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, reason, \
         occurred_at_ms, recorded_at_ms, tenantid, correlationid, causationid, traceparent) \
         SELECT timestamp_event_id(at), ?1, entity_id, ?2, timestamp_touch_payload(version, ?3, at, previous), \
         version, 'updated', ?3, at, ?4, ?5, ?6, ?7, ?8 FROM temp.timestamp_touched ORDER BY at, entity_id",
        params![
            entity_type,
            event_type(entity_type, "updated"),
            touch.reason,
            now.as_millis(),
            tenant_id,
            correlation_id,
            causation_id,
            traceparent
        ],
    )?;
    let updated = connection.execute(
        &format!(
            "UPDATE {sql_name} SET {version_sql} = touched.version, {updated_at_sql} = touched.at \
             FROM temp.timestamp_touched AS touched WHERE {sql_name}.{id_sql} = touched.id"
        ),
        [],
    )?;
    connection.execute("DELETE FROM temp.timestamp_touched", [])?;
    if updated == count { Ok(count as u64) } else { Err(Untouched::Ignored) }
}

/// Finds a chosen row whose timestamps can not be counted on from, as a load would.
fn check_rows(connection: &Connection, table: &Table) -> Result<(), Untouched> {
    let wrong = connection.query_row(
        "SELECT coalesce(entity_id, 'NULL'), entity_id IS NULL, typeof(version) = 'integer' AND version BETWEEN 1 AND ?3
         FROM temp.timestamp_touched
         WHERE entity_id IS NULL OR typeof(previous) <> 'integer' OR previous NOT BETWEEN ?1 AND ?2
            OR typeof(version) <> 'integer' OR version NOT BETWEEN 1 AND ?3
         LIMIT 1",
        params![EpochMs::MIN.as_millis(), EpochMs::MAX.as_millis(), u32::MAX - 1],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, bool>(2)?)),
    );
    let Some((id, no_id, version_fits)) = wrong.optional()? else { return Ok(()) };
    let (column, message) = match (no_id, version_fits) {
        (true, _) => (table.id_column, "expected an id"),
        (_, false) => (table.own_columns() + 2, "expected a version from 1 to 4,294,967,294"),
        (_, true) => (table.own_columns() + 1, "expected epoch milliseconds of the years 0000 to 9999"),
    };
    Err(Untouched::Unreadable(FindError::Unreadable {
        table: table.name.clone(),
        column: table.column_name(column),
        id,
        message: message.to_owned(),
    }))
}
