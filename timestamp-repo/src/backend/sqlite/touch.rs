//! Bulk touches: rows and their events in one transaction, without loading them.
//!
//! The rows are chosen once, into a temporary table; events and rows are then written from that, so both are of the same
//! rows whatever the condition says the second time.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, params};
use timestamp_core::{EpochMs, EventKind};
use uuid::Uuid;

use super::row::bind;
use super::table::Table;
use super::write::event_type;
use crate::backend::BulkTouch;
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
        };
        Ok(said.json())
    })?;
    connection.create_scalar_function("timestamp_uuid_text", 1, flags, |context| {
        let bytes = context.get::<Vec<u8>>(0)?;
        let uuid = Uuid::from_slice(&bytes).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
        Ok(uuid.to_string())
    })
}

fn time(context: &Context<'_>, argument: usize) -> rusqlite::Result<EpochMs> {
    let millis = context.get::<i64>(argument)?;
    EpochMs::from_millis(millis).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))
}

/// Touches the rows in the open transaction. Returns how many.
pub(super) fn touch_rows(
    connection: &Connection,
    table: &Table,
    entity_type: &str,
    touch: &BulkTouch,
    now: EpochMs,
) -> rusqlite::Result<u64> {
    let Table { sql_name, id_sql, .. } = table;
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
         SELECT {id_sql}, {id_text}, version + 1, updated_at_ms FROM {sql_name} WHERE ({})",
        touch.sql
    ))?;
    let (expected, given) = (choose.parameter_count(), touch.values.len());
    if expected != given {
        return Err(rusqlite::Error::InvalidParameterCount(given, expected));
    }
    for (place, value) in touch.values.iter().enumerate() {
        bind(&mut choose, place + 1, value, table.uuid_as_blob(table.id_column))?;
    }
    let count = choose.raw_execute()?;
    drop(choose);
    if count == 0 {
        return Ok(0);
    }
    // Law 2: the row's time does not go back, whatever the clock says.
    connection.execute("UPDATE temp.timestamp_touched SET at = max(previous, ?1)", [now.as_millis()])?;
    connection.execute(
        "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, kind, reason, \
         occurred_at_ms, recorded_at_ms) \
         SELECT timestamp_event_id(at), ?1, entity_id, ?2, timestamp_touch_payload(version, ?3, at, previous), \
         version, 'updated', ?3, at, ?4 FROM temp.timestamp_touched ORDER BY at, entity_id",
        params![entity_type, event_type(entity_type, "updated"), touch.reason, now.as_millis()],
    )?;
    let updated = connection.execute(
        &format!(
            "UPDATE {sql_name} SET version = touched.version, updated_at_ms = touched.at \
             FROM temp.timestamp_touched AS touched WHERE {sql_name}.{id_sql} = touched.id"
        ),
        [],
    )?;
    connection.execute("DELETE FROM temp.timestamp_touched", [])?;
    if updated == count {
        Ok(count as u64)
    } else {
        // A trigger ignored some of them; their events must not stand.
        Err(rusqlite::Error::StatementChangedRows(updated))
    }
}
