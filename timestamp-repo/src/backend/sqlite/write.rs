//! What a change does inside a transaction, and why one was refused.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension};
use timestamp_core::{EpochMs, RowError, RowWriter, Value};
use uuid::Uuid;

use super::failure;
use super::row::{Binder, bind};
use super::table::Table;
use crate::error::SaveError;
use crate::save::{Change, Operation};
use crate::testing::point;

/// Why a change was not applied. What it had written so far must be undone; a `NoRow` wrote nothing itself, but a trigger
/// may have.
#[derive(Debug)]
pub(super) enum Refused {
    /// No row met the conditions.
    NoRow,
    /// A field that the column can not hold.
    Field(RowError),
    /// SQLite refused a statement.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Where a row's values come from: the entity itself, or a copy of them.
pub(super) trait Columns {
    fn write<W: RowWriter>(&self, row: &mut W) -> Result<(), RowError>;
}

/// The copied values of a row.
pub(super) struct Values<'a>(pub(super) &'a [Value<'static>]);

impl Columns for Values<'_> {
    fn write<W: RowWriter>(&self, row: &mut W) -> Result<(), RowError> {
        for (column, value) in self.0.iter().enumerate() {
            row.write(column, borrowed(value)).map_err(|error| RowError { column, error })?;
        }
        Ok(())
    }
}

/// An entity's own values.
pub(super) struct Fields<'a, E>(pub(super) &'a E);

impl<E: timestamp_core::Record> Columns for Fields<'_, E> {
    #[inline]
    fn write<W: RowWriter>(&self, row: &mut W) -> Result<(), RowError> {
        self.0.encode(row)
    }
}

fn borrowed<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Text(it) => Value::Text(Cow::Borrowed(it)),
        Value::Json(it) => Value::Json(Cow::Borrowed(it)),
        Value::Blob(it) => Value::Blob(Cow::Borrowed(it)),
        other => other.clone(),
    }
}

const INSERT_EVENT: &str = "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, version, \
                            kind, reason, occurred_at_ms, recorded_at_ms) \
                            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const INSERT_EVENT_IN_CONTEXT: &str = "INSERT INTO timestamp_outbox (id, aggregatetype, aggregateid, type, payload, \
                                       version, kind, reason, occurred_at_ms, recorded_at_ms, tenantid, \
                                       correlationid, causationid, traceparent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, \
                                       ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// Writes the row under its conditions, and then its events in their order. Returns the fingerprint of the columns.
pub(super) fn apply(
    connection: &Connection,
    table: &Table,
    change: &Change,
    columns: &impl Columns,
    recorded_at: EpochMs,
) -> Result<u32, Refused> {
    let digest = write_entity(connection, table, change, columns)?;
    point("store/between");
    insert_events(connection, change, recorded_at, &mut 0)?;
    Ok(digest)
}

/// The same, so that it can be undone alone without a savepoint: the transaction goes on if it was refused.
///
/// The events go first. A statement that fails leaves nothing behind by itself, so if it is the row's, what is left to
/// undo stands in our own table. A savepoint would copy every page that the save writes, which doubles its cost.
///
/// Not where a statement may fail and leave something behind: see [`may_fail_halfway`].
pub(super) fn apply_undoably(
    connection: &Connection,
    table: &Table,
    change: &Change,
    columns: &impl Columns,
    recorded_at: EpochMs,
) -> Result<u32, Refused> {
    let mut inserted = 0;
    let written = insert_events(connection, change, recorded_at, &mut inserted)
        .and_then(|()| write_entity(connection, table, change, columns));
    if written.is_err() && !connection.is_autocommit() {
        // Only those that were inserted here: an event that an earlier attempt has stored has the same id, and stays.
        let mut delete = connection.prepare_cached("DELETE FROM timestamp_outbox WHERE id = ?1")?;
        for event in change.events.iter().take(inserted) {
            let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
            delete.execute([&*event.id.hyphenated().encode_lower(&mut id)])?;
        }
    }
    written
}

/// Whether some statement may fail and leave part of its work behind, which SQLite does for `RAISE(FAIL)` and
/// `ON CONFLICT FAIL`. Any trigger of the user's may say so, wherever a foreign key leads.
pub(super) fn may_fail_halfway(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name <> 'timestamp_outbox') \
             OR EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%FAIL%') \
             OR EXISTS (SELECT 1 FROM sqlite_temp_schema WHERE type = 'trigger')",
        )?
        .query_row([], |row| row.get(0))
}

fn write_entity(
    connection: &Connection,
    table: &Table,
    change: &Change,
    columns: &impl Columns,
) -> Result<u32, Refused> {
    match &change.operation {
        Operation::Insert => write_row(connection, &table.insert, table, change, columns),
        Operation::Update => write_row(connection, &table.update, table, change, columns),
        Operation::Delete(_) => delete_row(connection, table, change, columns),
    }
}

/// Inserts the events in their order, and counts them.
fn insert_events(
    connection: &Connection,
    change: &Change,
    recorded_at: EpochMs,
    inserted: &mut usize,
) -> Result<(), Refused> {
    let sql = if change.context.is_some() { INSERT_EVENT_IN_CONTEXT } else { INSERT_EVENT };
    let mut insert = connection.prepare_cached(sql)?;
    for event in &change.events {
        let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
        let kind = event.kind.as_str();
        insert.raw_bind_parameter(1, &*event.id.hyphenated().encode_lower(&mut id))?;
        insert.raw_bind_parameter(2, change.entity_type)?;
        insert.raw_bind_parameter(3, &*change.entity_id)?;
        insert.raw_bind_parameter(4, event_type(change.entity_type, kind))?;
        insert.raw_bind_parameter(5, &*event.payload)?;
        insert.raw_bind_parameter(6, integer(event.version))?;
        insert.raw_bind_parameter(7, kind)?;
        insert.raw_bind_parameter(8, event.reason.as_deref())?;
        insert.raw_bind_parameter(9, event.at.as_millis())?;
        insert.raw_bind_parameter(10, recorded_at.as_millis())?;
        if let Some(context) = &change.context {
            for (place, it) in context.columns().into_iter().enumerate() {
                insert.raw_bind_parameter(11 + place, it)?;
            }
        }
        insert.raw_execute()?;
        *inserted += 1;
    }
    Ok(())
}

pub(super) fn event_type(entity_type: &str, kind: &str) -> String {
    let mut name = String::with_capacity(entity_type.len() + 1 + kind.len());
    name.push_str(entity_type);
    name.push('.');
    name.push_str(kind);
    name
}

fn write_row(
    connection: &Connection,
    sql: &str,
    table: &Table,
    change: &Change,
    columns: &impl Columns,
) -> Result<u32, Refused> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut binder = Binder::new(&mut statement, table);
    columns.write(&mut binder).map_err(Refused::Field)?;
    let digest = binder.digest();
    let own = table.own_columns();
    statement.raw_bind_parameter(own + 1, change.created_at.as_millis())?;
    statement.raw_bind_parameter(own + 2, change.updated_at.as_millis())?;
    statement.raw_bind_parameter(own + 3, integer(change.version))?;
    if matches!(change.operation, Operation::Update) {
        statement.raw_bind_parameter(own + 4, integer(change.stored_version))?;
        statement.raw_bind_parameter(own + 5, change.stored_updated_at.as_millis())?;
    }
    if statement.raw_execute()? == 0 { Err(Refused::NoRow) } else { Ok(digest) }
}

fn delete_row(connection: &Connection, table: &Table, change: &Change, columns: &impl Columns) -> Result<u32, Refused> {
    let mut statement = connection.prepare_cached(&table.delete)?;
    bind_id(&mut statement, table, columns)?;
    statement.raw_bind_parameter(2, integer(change.stored_version))?;
    statement.raw_bind_parameter(3, change.created_at.as_millis())?;
    statement.raw_bind_parameter(4, change.stored_updated_at.as_millis())?;
    if statement.raw_execute()? == 0 { Err(Refused::NoRow) } else { Ok(0) }
}

/// Binds the id among the columns to the first parameter.
fn bind_id(statement: &mut rusqlite::Statement<'_>, table: &Table, columns: &impl Columns) -> Result<(), Refused> {
    struct OnlyId<'a, 's, 't>(&'a mut rusqlite::Statement<'s>, &'t Table, Option<rusqlite::Error>);

    impl RowWriter for OnlyId<'_, '_, '_> {
        fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), timestamp_core::ColumnError> {
            if column == self.1.id_column {
                self.2 = bind(self.0, 1, &value, self.1.uuid_as_blob(column)).err();
            }
            Ok(())
        }
    }

    let mut only_id = OnlyId(statement, table, None);
    columns.write(&mut only_id).map_err(Refused::Field)?;
    only_id.2.map_or(Ok(()), |error| Err(Refused::Sql(error)))
}

/// Says why a change was refused, in a connection where it has left no trace: the outcome, or the version up to which an
/// earlier attempt had stored the events.
pub(super) fn explain(
    connection: &Connection,
    table: &Table,
    change: &Change,
    columns: &impl Columns,
    refused: Refused,
) -> Result<u64, SaveError> {
    let sql = |error| SaveError::Backend(failure::backend(error));
    if change.attempted
        && let Some(version) = stored_through(connection, change).map_err(sql)?
    {
        return Ok(version);
    }
    let error = match refused {
        Refused::Field(error) => {
            let column = table.column_name(error.column);
            SaveError::Invalid(timestamp_core::ValidationError::new(column, error.error.to_string()))
        }
        Refused::NoRow => {
            // A row that meets every condition and is not written: a trigger said `RAISE(IGNORE)`.
            let ignored = SaveError::Constraint { name: format!("a trigger on {}", table.name) };
            let stamps = stamps(connection, table, columns)?;
            match stamps {
                _ if matches!(change.operation, Operation::Insert) => {
                    let taken = stamps.is_some() || has_events(connection, change).map_err(sql)?;
                    if taken { SaveError::AlreadyExists } else { ignored }
                }
                Some((version, created_at, updated_at)) if version == integer(change.stored_version) => {
                    let expected = (change.created_at.as_millis(), change.stored_updated_at.as_millis());
                    if (created_at, updated_at) == expected { ignored } else { SaveError::TimestampsTampered }
                }
                Some(_) | None => SaveError::Conflict,
            }
        }
        Refused::Sql(error) => match failure::constraint(&error) {
            None => failure::save_error(error),
            Some(name) => {
                let taken =
                    stamps(connection, table, columns)?.is_some() || has_events(connection, change).map_err(sql)?;
                match change.operation {
                    Operation::Insert if taken => SaveError::AlreadyExists,
                    // The outbox has events that the row does not know of: it was set back behind our back.
                    Operation::Update | Operation::Delete(_) if name.starts_with("timestamp_outbox.") => {
                        SaveError::Conflict
                    }
                    Operation::Insert | Operation::Update | Operation::Delete(_) => SaveError::Constraint { name },
                }
            }
        },
    };
    Err(error)
}

/// Version, `created_at_ms` and `updated_at_ms` of the row, whatever a hand may have put there.
fn stamps(
    connection: &Connection,
    table: &Table,
    columns: &impl Columns,
) -> Result<Option<(i64, i64, i64)>, SaveError> {
    let sql = |error| SaveError::Backend(failure::backend(error));
    let mut statement = connection.prepare_cached(&table.stamps).map_err(sql)?;
    bind_id(&mut statement, table, columns).map_err(|refused| match refused {
        Refused::Sql(error) => sql(error),
        Refused::NoRow | Refused::Field(_) => SaveError::Conflict,
    })?;
    let mut rows = statement.raw_query();
    let Some(row) = rows.next().map_err(sql)? else { return Ok(None) };
    let whole = |column| row.get::<_, i64>(column).unwrap_or(i64::MIN);
    Ok(Some((whole(0), whole(1), whole(2))))
}

fn has_events(connection: &Connection, change: &Change) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM timestamp_outbox WHERE aggregatetype = ?1 AND aggregateid = ?2 LIMIT 1")?
        .query_row([change.entity_type, &change.entity_id], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

/// The last version whose event is stored under the id that this change gives it, counted from the first without a gap.
fn stored_through(connection: &Connection, change: &Change) -> rusqlite::Result<Option<u64>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM timestamp_outbox WHERE aggregatetype = ?1 AND aggregateid = ?2 AND version > ?3 ORDER BY version",
    )?;
    let stored = statement
        .query_map(rusqlite::params![change.entity_type, change.entity_id, integer(change.stored_version)], |row| {
            row.get::<_, String>(0)
        })?;
    let mut through = None;
    for (event, stored) in change.events.iter().zip(stored) {
        if Uuid::try_parse(&stored?).ok() != Some(event.id) {
            break;
        }
        through = Some(event.version);
    }
    Ok(through)
}

/// Versions are counted in 32 bits, so they fit.
pub(super) fn integer(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}
