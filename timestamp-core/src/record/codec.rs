//! The steps that generated code is made of: one field to one column and back.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Column, ColumnDefinition, ColumnError, ColumnType, Record, RowError, RowReader, RowWriter, Value};
use crate::__private::{Entity, EntityId};
use crate::Timestamped;

/// The definition of a column whose field is a [`Column`].
#[must_use]
pub const fn column(name: &'static str, column_type: ColumnType, nullable: bool) -> ColumnDefinition {
    ColumnDefinition { name, column_type, nullable }
}

/// The definition of the id's column.
///
/// The id goes through `E: Record`, which asks for a [`Column`] already, so that an id without one is
/// reported once.
#[must_use]
pub const fn id_column<E: Record>(name: &'static str) -> ColumnDefinition {
    column(name, <E::__Id as Column>::TYPE, <E::__Id as Column>::NULLABLE)
}

/// Writes the id.
#[inline]
pub fn write_id<E: Record, W: RowWriter + ?Sized>(row: &mut W, column: usize, entity: &E) -> Result<(), RowError> {
    write(row, column, entity.__id().to_value())
}

/// Returns the value of an id that is asked for.
///
/// # Errors
///
/// An id that can not be stored.
#[inline]
pub fn id_value<E: Entity<__Id: Column + 'static>>(id: &<E as Timestamped>::Id) -> Result<Value<'_>, ColumnError> {
    E::__Id::from_itself(id).to_value()
}

/// Reads the id.
#[inline]
pub fn read_id<E: Record, R: RowReader + ?Sized>(row: &mut R, column: usize) -> Result<E::__Id, RowError> {
    in_column(column, <E::__Id as Column>::from_value(read(row, column)?))
}

/// The definition of a `#[timestamped(json)]` column.
#[must_use]
pub const fn json_column(name: &'static str, nullable: bool) -> ColumnDefinition {
    column(name, ColumnType::Json, nullable)
}

/// The definition of a `#[timestamped(text)]` column.
#[must_use]
pub const fn text_column(name: &'static str, nullable: bool) -> ColumnDefinition {
    column(name, ColumnType::Text, nullable)
}

/// Writes the value of a field.
#[inline]
pub fn write<W: RowWriter + ?Sized>(
    row: &mut W,
    column: usize,
    value: Result<Value<'_>, ColumnError>,
) -> Result<(), RowError> {
    value.and_then(|value| row.write(column, value)).map_err(|error| RowError { column, error })
}

/// Reads the value of a column.
#[inline]
pub fn read<R: RowReader + ?Sized>(row: &mut R, column: usize) -> Result<Value<'_>, RowError> {
    row.read(column).map_err(|error| RowError { column, error })
}

/// Says in which column a value was that is not one of the field's.
#[inline]
pub fn in_column<T>(column: usize, field: Result<T, ColumnError>) -> Result<T, RowError> {
    field.map_err(|error| RowError { column, error })
}

/// The type of a `#[timestamped(json)]` field; generated code goes through it for the sake of its message.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` can not be stored as JSON",
    label = "`Serialize` and `Deserialize` are not both implemented for this type",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, and let it own its data"
)]
pub trait JsonField: Sized {
    /// The field as JSON.
    fn to_value(&self) -> Result<Value<'_>, ColumnError>;

    /// The field from JSON.
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError>;

    /// The field as JSON, with NULL for none.
    fn option_to_value(field: &Option<Self>) -> Result<Value<'_>, ColumnError> {
        field.as_ref().map_or(Ok(Value::Null), Self::to_value)
    }

    /// The field from JSON, with none for NULL.
    fn option_from_value(value: Value<'_>) -> Result<Option<Self>, ColumnError> {
        if value == Value::Null { Ok(None) } else { Self::from_value(value).map(Some) }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> JsonField for T {
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        canonical_json(self).map(|text| Value::Json(Cow::Owned(text)))
    }

    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        from_json(&value)
    }
}

/// The type of a `#[timestamped(text)]` field; generated code goes through it for the sake of its message.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` can not be stored as text",
    label = "`Display` and `FromStr` are not both implemented for this type",
    note = "implement `std::fmt::Display` and `std::str::FromStr` for `{Self}`, so that it reads what it writes"
)]
pub trait TextField: Sized {
    /// The field as text.
    fn to_value(&self) -> Result<Value<'_>, ColumnError>;

    /// The field from text.
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError>;

    /// The field as text, with NULL for none.
    fn option_to_value(field: &Option<Self>) -> Result<Value<'_>, ColumnError> {
        field.as_ref().map_or(Ok(Value::Null), Self::to_value)
    }

    /// The field from text, with none for NULL.
    fn option_from_value(value: Value<'_>) -> Result<Option<Self>, ColumnError> {
        if value == Value::Null { Ok(None) } else { Self::from_value(value).map(Some) }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Display + FromStr> TextField for T {
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Text(Cow::Owned(self.to_string())))
    }

    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        from_text(&value)
    }
}

/// The type of a `#[timestamped(skip)]` field; generated code goes through it for the sake of its message.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` can not be skipped, because it has no default value",
    label = "`Default` is not implemented for this type",
    note = "a skipped field is not stored, so a loaded entity has its default: implement `Default` for `{Self}`"
)]
pub trait SkippedField: Sized {
    /// The value in a loaded entity.
    fn default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> SkippedField for T {
    #[inline]
    fn default() -> Self {
        T::default()
    }
}

fn from_json<T: DeserializeOwned>(value: &Value<'_>) -> Result<T, ColumnError> {
    let (Value::Json(text) | Value::Text(text)) = value else {
        return Err(ColumnError::unexpected("JSON", value));
    };
    // serde's message would repeat the value; line, column and category do not.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_data() { "is not what the field needs" } else { "is not well-formed" };
        ColumnError::new(format!("the JSON {what} (line {line}, column {column})"))
    })
}

fn from_text<T: FromStr>(value: &Value<'_>) -> Result<T, ColumnError> {
    let Value::Text(text) = value else {
        return Err(ColumnError::unexpected("text", value));
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
