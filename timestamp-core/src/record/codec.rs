//! The steps that generated code is made of: one field to one column and back.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Column, ColumnDefinition, ColumnError, ColumnType, RowError, RowReader, RowWriter, Value};

/// The definition of a column whose field is a [`Column`].
#[must_use]
pub const fn column_of<T: Column>(name: &'static str) -> ColumnDefinition {
    ColumnDefinition { name, column_type: T::TYPE, nullable: T::NULLABLE }
}

/// The definition of a `#[timestamped(json)]` column.
#[must_use]
pub const fn json_column_of(name: &'static str, nullable: bool) -> ColumnDefinition {
    ColumnDefinition { name, column_type: ColumnType::Json, nullable }
}

/// The definition of a `#[timestamped(text)]` column.
#[must_use]
pub const fn text_column_of(name: &'static str, nullable: bool) -> ColumnDefinition {
    ColumnDefinition { name, column_type: ColumnType::Text, nullable }
}

/// Writes a field that is a [`Column`].
#[inline]
pub fn write<T: Column, W: RowWriter + ?Sized>(row: &mut W, column: usize, field: &T) -> Result<(), RowError> {
    field.to_value().and_then(|value| row.write(column, value)).map_err(|error| RowError { column, error })
}

/// Reads a field that is a [`Column`].
#[inline]
pub fn read<T: Column, R: RowReader + ?Sized>(row: &mut R, column: usize) -> Result<T, RowError> {
    row.read(column).and_then(T::from_value).map_err(|error| RowError { column, error })
}

/// Writes a `#[timestamped(json)]` field.
pub fn write_json<T: Serialize, W: RowWriter + ?Sized>(row: &mut W, column: usize, field: &T) -> Result<(), RowError> {
    let text = canonical_json(field).map_err(|error| RowError { column, error })?;
    row.write(column, Value::Json(Cow::Owned(text))).map_err(|error| RowError { column, error })
}

/// Writes a `#[timestamped(json)]` field of type `Option`, with NULL for none.
pub fn write_json_option<T: Serialize, W: RowWriter + ?Sized>(
    row: &mut W,
    column: usize,
    field: &Option<T>,
) -> Result<(), RowError> {
    match field {
        Some(field) => write_json(row, column, field),
        None => row.write(column, Value::Null).map_err(|error| RowError { column, error }),
    }
}

/// Reads a `#[timestamped(json)]` field.
pub fn read_json<T: DeserializeOwned, R: RowReader + ?Sized>(row: &mut R, column: usize) -> Result<T, RowError> {
    row.read(column).and_then(from_json).map_err(|error| RowError { column, error })
}

/// Reads a `#[timestamped(json)]` field of type `Option`.
pub fn read_json_option<T: DeserializeOwned, R: RowReader + ?Sized>(
    row: &mut R,
    column: usize,
) -> Result<Option<T>, RowError> {
    match row.read(column) {
        Ok(Value::Null) => Ok(None),
        other => other.and_then(from_json).map(Some).map_err(|error| RowError { column, error }),
    }
}

/// Writes a `#[timestamped(text)]` field.
pub fn write_text<T: Display, W: RowWriter + ?Sized>(row: &mut W, column: usize, field: &T) -> Result<(), RowError> {
    row.write(column, Value::Text(Cow::Owned(field.to_string()))).map_err(|error| RowError { column, error })
}

/// Writes a `#[timestamped(text)]` field of type `Option`, with NULL for none.
pub fn write_text_option<T: Display, W: RowWriter + ?Sized>(
    row: &mut W,
    column: usize,
    field: &Option<T>,
) -> Result<(), RowError> {
    match field {
        Some(field) => write_text(row, column, field),
        None => row.write(column, Value::Null).map_err(|error| RowError { column, error }),
    }
}

/// Reads a `#[timestamped(text)]` field.
pub fn read_text<T: FromStr, R: RowReader + ?Sized>(row: &mut R, column: usize) -> Result<T, RowError> {
    row.read(column).and_then(from_text).map_err(|error| RowError { column, error })
}

/// Reads a `#[timestamped(text)]` field of type `Option`.
pub fn read_text_option<T: FromStr, R: RowReader + ?Sized>(row: &mut R, column: usize) -> Result<Option<T>, RowError> {
    match row.read(column) {
        Ok(Value::Null) => Ok(None),
        other => other.and_then(from_text).map(Some).map_err(|error| RowError { column, error }),
    }
}

fn from_json<T: DeserializeOwned>(value: Value<'_>) -> Result<T, ColumnError> {
    let (Value::Json(text) | Value::Text(text)) = &value else {
        return Err(ColumnError::unexpected("JSON", &value));
    };
    // serde's message would repeat the value; line, column and category do not.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_data() { "is not what the field needs" } else { "is not well-formed" };
        ColumnError::new(format!("the JSON {what} (line {line}, column {column})"))
    })
}

fn from_text<T: FromStr>(value: Value<'_>) -> Result<T, ColumnError> {
    let Value::Text(text) = &value else {
        return Err(ColumnError::unexpected("text", &value));
    };
    text.parse().map_err(|_| ColumnError::new("the text is not one that the field's type can parse"))
}

/// JSON with sorted keys, so that equal values have equal text whatever the order of a map.
fn canonical_json<T: Serialize>(field: &T) -> Result<String, ColumnError> {
    // `serde_json::Value` sorts its keys unless some crate in the program asks for `preserve_order`; then it is done here.
    let mut value = serde_json::to_value(field).map_err(|error| ColumnError::new(error.to_string()))?;
    value.sort_all_objects();
    Ok(value.to_string())
}
