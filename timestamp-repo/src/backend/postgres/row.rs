//! Values into statements, and rows into entities.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use timestamp_core::__private::{self as core, Outcome};
use timestamp_core::{Clock, ColumnError, EpochMs, Record, RowReader, RowWriter, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::failure::Failure;
use super::table::{Stored, Table};
use super::time_column;
use crate::error::FindError;
use crate::fingerprint::Fingerprint;

/// A value on its way to the server, in the form of whatever type the server expects.
#[derive(Debug)]
pub(super) enum Parameter<'a> {
    Value(&'a Value<'static>),
    Integer(i64),
    Time(EpochMs),
    /// A time, and what comes on top of its milliseconds; for a `timestamptz`.
    TimeWithMicros(EpochMs, u16),
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Uuid(Uuid),
    List(Vec<Self>),
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Value(value) => put(value, ty, out),
            // Nearly every parameter is one of these, and each save has a dozen.
            Self::Integer(it) if *ty == Type::INT8 => {
                out.put_i64(*it);
                Ok(IsNull::No)
            }
            Self::Text(it) if *ty == Type::TEXT || *ty == Type::JSON => {
                out.put_slice(it.as_bytes());
                Ok(IsNull::No)
            }
            Self::OptionalText(Some(it)) if *ty == Type::TEXT => {
                out.put_slice(it.as_bytes());
                Ok(IsNull::No)
            }
            Self::Uuid(it) if *ty == Type::UUID => {
                out.put_slice(it.as_bytes());
                Ok(IsNull::No)
            }
            Self::Integer(it) => put(&Value::Integer(*it), ty, out),
            Self::Time(it) => put(&Value::Time(*it), ty, out),
            Self::TimeWithMicros(it, micros) => {
                out.put_i64(time_column::to_binary(*it, *micros));
                Ok(IsNull::No)
            }
            Self::Text(it) => put(&Value::Text(Cow::Borrowed(it)), ty, out),
            Self::OptionalText(it) => it.map_or(Ok(IsNull::Yes), |it| put(&Value::Text(Cow::Borrowed(it)), ty, out)),
            Self::Uuid(it) => put(&Value::Uuid(*it), ty, out),
            Self::List(list) => match ty.kind() {
                Kind::Array(_) => list.to_sql(ty, out),
                _ => Err(format!("a list does not fit the type `{}`", ty.name()).into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Writes a value in the binary form of a type.
pub(super) fn put(value: &Value<'_>, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    let misfit = || Err(format!("{} does not fit the type `{}`", value.kind(), ty.name()).into());
    let ty = base(ty);
    match value {
        Value::Null => return Ok(IsNull::Yes),
        Value::Bool(it) if *ty == Type::BOOL => out.put_u8((*it).into()),
        Value::Integer(it) => match *ty {
            Type::INT8 => out.put_i64(*it),
            Type::INT4 => out.put_i32(i32::try_from(*it)?),
            Type::INT2 => out.put_i16(i16::try_from(*it)?),
            #[expect(clippy::cast_precision_loss, reason = "a filter compares a float with a whole number")]
            Type::FLOAT8 => out.put_f64(*it as f64),
            // PostgreSQL takes a number in quotes for what it stands beside; so does text, when it is a key.
            _ if is_text(ty) => out.put_slice(it.to_string().as_bytes()),
            _ => return misfit(),
        },
        Value::Real(it) => match *ty {
            Type::FLOAT8 => out.put_f64(*it),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the column is the narrower type, by the user's choice"
            )]
            Type::FLOAT4 => out.put_f32(*it as f32),
            _ => return misfit(),
        },
        Value::Text(it) | Value::Json(it) => match *ty {
            Type::JSON => out.put_slice(it.as_bytes()),
            Type::JSONB => {
                // The version of the format.
                out.put_u8(1);
                out.put_slice(it.as_bytes());
            }
            Type::UUID => out.put_slice(Uuid::try_parse(it).map_err(|_| "the text is not a UUID")?.as_bytes()),
            _ if is_text(ty) => out.put_slice(it.as_bytes()),
            _ => return misfit(),
        },
        Value::Blob(it) if *ty == Type::BYTEA => out.put_slice(it),
        Value::Uuid(it) => match *ty {
            Type::UUID => out.put_slice(it.as_bytes()),
            _ if is_text(ty) => out.put_slice(it.hyphenated().to_string().as_bytes()),
            _ => return misfit(),
        },
        Value::Time(it) => match *ty {
            Type::INT8 => out.put_i64(it.as_millis()),
            Type::TIMESTAMPTZ => out.put_i64(time_column::to_binary(*it, 0)),
            _ => return misfit(),
        },
        _ => return misfit(),
    }
    Ok(IsNull::No)
}

/// The type that a domain stands for.
fn base(mut ty: &Type) -> &Type {
    while let Kind::Domain(of) = ty.kind() {
        ty = of;
    }
    ty
}

/// Types whose binary form is their text: also enumerations, and `citext`.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(*ty, Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN)
        || matches!(ty.kind(), Kind::Enum(_))
        || ty.name() == "citext"
}

/// Copies the columns of a row, each checked against the table's, and takes their fingerprint on the way.
pub(super) struct Collector<'t> {
    table: &'t Table,
    pub(super) values: Vec<Value<'static>>,
    fingerprint: Fingerprint,
}

impl<'t> Collector<'t> {
    pub(super) fn of(table: &'t Table) -> Self {
        Self { table, values: Vec::with_capacity(table.stored.len()), fingerprint: Fingerprint::default() }
    }

    pub(super) fn digest(&self) -> u32 {
        self.fingerprint.digest()
    }
}

impl RowWriter for Collector<'_> {
    fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), ColumnError> {
        self.fingerprint.add(&value);
        if let Some(stored) = self.table.stored.get(column) {
            check(&value, stored)?;
        }
        self.values.push(value.into_owned());
        Ok(())
    }
}

/// Refuses what the server would refuse without naming the column.
pub(super) fn check(value: &Value<'_>, stored: &Stored) -> Result<(), ColumnError> {
    match value {
        Value::Integer(it) => {
            let fits = match stored.wire {
                Type::INT2 => i16::try_from(*it).is_ok(),
                Type::INT4 => i32::try_from(*it).is_ok(),
                _ => true,
            };
            if !fits {
                let type_name = &stored.declared;
                return Err(ColumnError::new(format!("the number does not fit into the column's type `{type_name}`")));
            }
        }
        Value::Text(it) | Value::Json(it) => {
            if it.contains('\0') {
                return Err(ColumnError::new("PostgreSQL can not hold the character NUL"));
            }
            if stored.wire == Type::JSONB && it.contains("\\u0000") {
                return Err(ColumnError::new("`jsonb` can not hold the character NUL: use a `json` column"));
            }
            if let Some(longest) = stored.longest
                && it.chars().count() > longest
            {
                return Err(ColumnError::new(format!(
                    "the text is longer than the {longest} characters of the column"
                )));
            }
        }
        _ => {}
    }
    Ok(())
}

/// One column of a row from the server.
struct Found<'a>(Result<Value<'a>, ColumnError>);

impl<'a> FromSql<'a> for Found<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(value_of(ty, raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Ok(Value::Null)))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn value_of<'a>(ty: &Type, raw: &'a [u8]) -> Result<Value<'a>, ColumnError> {
    let text = |raw: &'a [u8]| {
        std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| ColumnError::new("the text is not UTF-8"))
    };
    let misfit = || ColumnError::new(format!("the column has the type `{}`, which is not known here", ty.name()));
    let ty = base(ty);
    let value = match *ty {
        Type::BOOL => raw.first().map(|it| Value::Bool(*it != 0)),
        Type::INT8 => raw.try_into().ok().map(|it| Value::Integer(i64::from_be_bytes(it))),
        Type::INT4 => raw.try_into().ok().map(|it| Value::Integer(i32::from_be_bytes(it).into())),
        Type::INT2 => raw.try_into().ok().map(|it| Value::Integer(i16::from_be_bytes(it).into())),
        Type::FLOAT8 => raw.try_into().ok().map(|it| Value::Real(f64::from_be_bytes(it))),
        Type::FLOAT4 => raw.try_into().ok().map(|it| Value::Real(f32::from_be_bytes(it).into())),
        Type::TIMESTAMPTZ => raw.try_into().ok().map(i64::from_be_bytes).map(instant).transpose()?.map(Value::Time),
        Type::UUID => Uuid::from_slice(raw).ok().map(Value::Uuid),
        Type::BYTEA => Some(Value::Blob(Cow::Borrowed(raw))),
        Type::JSON => Some(Value::Json(text(raw)?)),
        Type::JSONB => Some(Value::Json(text(raw.get(1..).unwrap_or_default())?)),
        _ if is_text(ty) => Some(Value::Text(text(raw)?)),
        _ => None,
    };
    value.ok_or_else(misfit)
}

fn instant(binary: i64) -> Result<EpochMs, ColumnError> {
    if time_column::is_infinity(binary) {
        return Err(ColumnError::new("infinity is no instant: write a time there"));
    }
    EpochMs::from_millis(time_column::millis_of(binary)).map_err(|error| ColumnError::new(error.to_string()))
}

/// Reads the entity's own columns of a row that was selected with [`Table::columns_sql`].
struct Columns<'a> {
    row: &'a Row,
}

impl RowReader for Columns<'_> {
    fn read(&mut self, column: usize) -> Result<Value<'_>, ColumnError> {
        column_of(self.row, column)
    }
}

fn column_of(row: &Row, column: usize) -> Result<Value<'_>, ColumnError> {
    row.try_get::<_, Found<'_>>(column).map_err(|error| ColumnError::new(error.to_string()))?.0
}

/// What an entity is loaded with, beside its row.
#[derive(Clone, Copy)]
pub(super) struct Loading<'a> {
    pub(super) clock: &'a Clock,
    /// The open transaction that the row is read in, which may have written it.
    pub(super) transaction: Option<&'a Arc<Outcome>>,
}

/// Builds the entity that a row holds.
pub(super) fn restore<E: Record>(row: &Row, table: &Table, loading: Loading<'_>) -> Result<E, FindError> {
    let columns = E::COLUMNS.len();
    let created_at = time(row, table, columns)?;
    let updated_at = time(row, table, columns + 1)?;
    let version = match column_of(row, columns + 2) {
        Ok(Value::Integer(it)) => u32::try_from(it).ok().filter(|version| *version > 0),
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

fn time(row: &Row, table: &Table, column: usize) -> Result<EpochMs, FindError> {
    let message = match column_of(row, column) {
        Ok(Value::Time(time)) => return Ok(time),
        Ok(Value::Integer(millis)) => match EpochMs::from_millis(millis) {
            Ok(time) => return Ok(time),
            Err(error) => error.to_string(),
        },
        Ok(other) => {
            let time_type = if column == table.stored.len() { table.created_at_type } else { table.updated_at_type };
            format!("expected {}, found {}", time_type.expected(), other.kind())
        }
        Err(error) => error.to_string(),
    };
    Err(unreadable(row, table, column, message))
}

/// The error for one column of one row, which it names by its id.
fn unreadable(row: &Row, table: &Table, column: usize, message: String) -> FindError {
    let id = match column_of(row, table.id_column) {
        Ok(Value::Text(it)) => it.into_owned(),
        Ok(Value::Integer(it)) => it.to_string(),
        Ok(Value::Uuid(it)) => it.to_string(),
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(_) | Err(_) => "of another type".to_owned(),
    };
    FindError::Unreadable { table: table.name.clone(), column: table.column_name(column), id, message }
}

/// One column of a row of the framework's own.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, Failure> {
    row.try_get(column).map_err(|error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::NotSent(format!("an answer is not what was asked for: {error}{cause}"))
    })
}
