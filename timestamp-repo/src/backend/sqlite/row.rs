//! Values into statements, and rows into entities.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement, ToSql};
use timestamp_core::__private::{self as core, Outcome};
use timestamp_core::{Clock, ColumnError, EpochMs, Record, RowReader, RowWriter, Value};
use uuid::Uuid;

use super::failure;
use super::table::Table;
use crate::error::FindError;
use crate::fingerprint::Fingerprint;

/// Binds the columns of a row to the parameters 1, 2, .. of a statement, and takes their fingerprint on the way.
pub(super) struct Binder<'a, 's> {
    statement: &'a mut Statement<'s>,
    table: &'a Table,
    fingerprint: Fingerprint,
}

impl<'a, 's> Binder<'a, 's> {
    pub(super) fn new(statement: &'a mut Statement<'s>, table: &'a Table) -> Self {
        Self { statement, table, fingerprint: Fingerprint::default() }
    }

    pub(super) fn digest(&self) -> u32 {
        self.fingerprint.digest()
    }
}

impl RowWriter for Binder<'_, '_> {
    #[inline]
    fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        self.fingerprint.add(&value);
        bind(self.statement, column + 1, &value, self.table.uuid_as_blob(column))
            .map_err(|error| ColumnError::new(format!("SQLite can not hold the value: {error}")))
    }
}

/// Copies the columns of a row, for a save that another thread will write.
pub(super) struct Collector {
    pub(super) values: Vec<Value<'static>>,
    fingerprint: Fingerprint,
}

impl Collector {
    pub(super) fn of<E: Record>() -> Self {
        Self { values: Vec::with_capacity(E::COLUMNS.len()), fingerprint: Fingerprint::default() }
    }

    pub(super) fn digest(&self) -> u32 {
        self.fingerprint.digest()
    }
}

impl RowWriter for Collector {
    fn write(&mut self, _column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        self.fingerprint.add(&value);
        self.values.push(value.into_owned());
        Ok(())
    }
}

/// Binds one value. A UUID is text, unless the table keeps it as 16 bytes.
#[inline]
pub(super) fn bind(
    statement: &mut Statement<'_>,
    parameter: usize,
    value: &Value<'_>,
    uuid_as_blob: bool,
) -> rusqlite::Result<()> {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let bound = match value {
        Value::Null => ValueRef::Null,
        Value::Bool(it) => ValueRef::Integer((*it).into()),
        Value::Integer(it) => ValueRef::Integer(*it),
        Value::Real(it) => ValueRef::Real(*it),
        Value::Text(it) | Value::Json(it) => ValueRef::Text(it.as_bytes()),
        Value::Blob(it) => ValueRef::Blob(it),
        Value::Uuid(it) if uuid_as_blob => ValueRef::Blob(it.as_bytes()),
        Value::Uuid(it) => ValueRef::Text(it.hyphenated().encode_lower(&mut text).as_bytes()),
        Value::Time(it) => ValueRef::Integer(it.as_millis()),
        other => {
            let what = format!("{} has no form in SQLite", other.kind());
            return Err(rusqlite::Error::ToSqlConversionFailure(what.into()));
        }
    };
    statement.raw_bind_parameter(parameter, Bound(bound))
}

struct Bound<'a>(ValueRef<'a>);

impl ToSql for Bound<'_> {
    #[inline]
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

/// Reads the entity's own columns of a row that was selected with [`Table::columns_sql`].
struct Columns<'a, 's> {
    row: &'a Row<'s>,
}

impl RowReader for Columns<'_, '_> {
    #[inline]
    fn read(&mut self, column: usize) -> Result<Value<'_>, ColumnError> {
        let value = self.row.get_ref(column).map_err(|error| ColumnError::new(error.to_string()))?;
        value_of(value)
    }
}

#[inline]
fn value_of(value: ValueRef<'_>) -> Result<Value<'_>, ColumnError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(it) => Value::Integer(it),
        ValueRef::Real(it) => Value::Real(it),
        ValueRef::Text(it) => {
            let text = std::str::from_utf8(it).map_err(|_| ColumnError::new("the text is not UTF-8"))?;
            Value::Text(Cow::Borrowed(text))
        }
        ValueRef::Blob(it) => Value::Blob(Cow::Borrowed(it)),
    })
}

/// What an entity is loaded with, beside its row.
#[derive(Clone, Copy)]
pub(super) struct Loading<'a> {
    pub(super) clock: &'a Clock,
    /// The open transaction that the row is read in, which may have written it.
    pub(super) transaction: Option<&'a Arc<Outcome>>,
}

/// Builds the entity that a row holds.
pub(super) fn restore<E: Record>(row: &Row<'_>, table: &Table, loading: Loading<'_>) -> Result<E, FindError> {
    let columns = E::COLUMNS.len();
    let created_at = time(row, table, columns)?;
    let updated_at = time(row, table, columns + 1)?;
    let version = match row.get_ref(columns + 2) {
        Ok(ValueRef::Integer(it)) => u32::try_from(it).ok().filter(|version| *version > 0),
        _ => None,
    };
    let version = version
        .ok_or_else(|| unreadable(row, table, columns + 2, "expected a version from 1 to 4,294,967,295".to_owned()))?;
    let timestamps = core::restored(created_at, updated_at, version, loading.clock);
    let mut entity = E::restore(&mut Columns { row }, timestamps)
        .map_err(|error| unreadable(row, table, error.column, error.error.to_string()))?;
    let digest =
        Fingerprint::of(&entity).map_err(|error| unreadable(row, table, error.column, error.error.to_string()))?;
    match loading.transaction {
        None => core::adopt(&mut entity, digest),
        Some(outcome) => core::adopt_in(&mut entity, digest, outcome),
    }
    Ok(entity)
}

fn time(row: &Row<'_>, table: &Table, column: usize) -> Result<EpochMs, FindError> {
    let value = row.get_ref(column).map_err(|error| FindError::Backend(failure::backend(error)))?;
    let message = match value {
        ValueRef::Integer(millis) => match EpochMs::from_millis(millis) {
            Ok(time) => return Ok(time),
            Err(error) => error.to_string(),
        },
        ValueRef::Null => "expected epoch milliseconds, found NULL".to_owned(),
        ValueRef::Real(_) => "expected epoch milliseconds, found a floating point number".to_owned(),
        ValueRef::Text(_) => "expected epoch milliseconds, found text".to_owned(),
        ValueRef::Blob(_) => "expected epoch milliseconds, found bytes".to_owned(),
    };
    Err(unreadable(row, table, column, message))
}

/// The error for one column of one row, which it names by the id as it is stored.
fn unreadable(row: &Row<'_>, table: &Table, column: usize, message: String) -> FindError {
    let id = match row.get_ref(table.id_column) {
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(ValueRef::Integer(it)) => it.to_string(),
        Ok(ValueRef::Real(it)) => it.to_string(),
        Ok(ValueRef::Blob(bytes)) => {
            Uuid::from_slice(bytes).map_or_else(|_| "of unreadable bytes".to_owned(), |id| id.to_string())
        }
        Ok(ValueRef::Null) | Err(_) => "NULL".to_owned(),
    };
    FindError::Unreadable { table: table.name.clone(), column: table.column_name(column), id, message }
}
