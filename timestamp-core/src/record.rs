//! How an entity becomes a row and comes back.
//!
//! The derive writes a [`Record`] for an entity with `#[timestamped(table = "..")]`; a database writes a [`RowWriter`]
//! and a [`RowReader`]; a [`Column`] says how one field's type is stored. The three timestamp columns are not among an
//! entity's own columns: the repository writes and reads those.

pub(crate) mod codec;
mod column;

use std::borrow::Cow;
use std::fmt;

use uuid::Uuid;

pub use self::column::Column;
use crate::__private::Entity;
use crate::{EpochMs, Timestamped, Timestamps};

/// An entity that is stored as a row. Derived, where `#[timestamped(table = "..")]` names a table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table",
    label = "this type does not implement `Record`",
    note = "name its table: `#[timestamped(table = \"..\")]` beside `#[derive(Timestamped)]`"
)]
pub trait Record: Timestamped + Entity<__Id: Column> + Send + 'static {
    /// The table's name.
    const TABLE: &'static str;

    /// The entity's own columns, in the order in which [`encode`](Self::encode) writes them.
    const COLUMNS: &'static [ColumnDefinition];

    /// Which of the columns is the id.
    const ID_COLUMN: usize;

    /// The columns of the timestamps: of the creation, of the last change, and of the version.
    const TIMESTAMP_COLUMNS: [&'static str; 3] = ["created_at_ms", "updated_at_ms", "version"];

    /// Whether stored events carry the state of the entity after the change.
    const EVENTS_CARRY_STATE: bool = false;

    /// Writes every column's value to `row`.
    ///
    /// # Errors
    ///
    /// A field whose value can not be stored, or what `row` refuses.
    fn encode<W: RowWriter + ?Sized>(&self, row: &mut W) -> Result<(), RowError>;

    /// Builds the entity from a stored row and its restored timestamps.
    ///
    /// # Errors
    ///
    /// A column that does not hold what the field needs.
    fn restore<R: RowReader + ?Sized>(row: &mut R, timestamps: Timestamps) -> Result<Self, RowError>;
}

/// A column's name, type, and whether it may hold NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// The name, as it stands in the table.
    pub name: &'static str,
    /// The type.
    pub column_type: ColumnType,
    /// Whether it may hold NULL.
    pub nullable: bool,
}

/// The types of columns; each database has its own name for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// True or false; 0 or 1 on SQLite.
    Bool,
    /// A signed integer of 64 bits.
    Integer,
    /// A floating point number of 64 bits.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// A UUID; text on SQLite.
    Uuid,
    /// An instant: epoch milliseconds, UTC.
    Time,
    /// A JSON document as text.
    Json,
}

/// A value on its way into or out of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
    /// A UUID.
    Uuid(Uuid),
    /// An instant.
    Time(EpochMs),
    /// A JSON document as text.
    Json(Cow<'a, str>),
}

impl Value<'_> {
    /// Returns the value with everything it borrowed copied.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(it) => Value::Bool(it),
            Self::Integer(it) => Value::Integer(it),
            Self::Real(it) => Value::Real(it),
            Self::Text(it) => Value::Text(Cow::Owned(it.into_owned())),
            Self::Blob(it) => Value::Blob(Cow::Owned(it.into_owned())),
            Self::Uuid(it) => Value::Uuid(it),
            Self::Time(it) => Value::Time(it),
            Self::Json(it) => Value::Json(Cow::Owned(it.into_owned())),
        }
    }

    /// Returns what kind of value this is, in words for an error message.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a floating point number",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
            Self::Uuid(_) => "a UUID",
            Self::Time(_) => "an instant",
            Self::Json(_) => "JSON",
        }
    }
}

/// Takes the values of a row, in the order of [`Record::COLUMNS`].
pub trait RowWriter {
    /// Takes the value of one column.
    ///
    /// # Errors
    ///
    /// A value that the database can not hold.
    fn write(&mut self, column: usize, value: Value<'_>) -> Result<(), ColumnError>;
}

/// Hands out the values of a row, by their place in [`Record::COLUMNS`].
pub trait RowReader {
    /// Returns the value of one column.
    ///
    /// # Errors
    ///
    /// What the database can not read.
    fn read(&mut self, column: usize) -> Result<Value<'_>, ColumnError>;
}

/// Why a value can not be stored in, or read from, a column. It never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnError {
    message: Cow<'static, str>,
}

impl ColumnError {
    /// Returns an error with a message of your own; keep the value out of it.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into() }
    }

    /// Returns the error for a value of another kind than `expected`, such as "an integer".
    #[must_use]
    pub fn unexpected(expected: &str, found: &Value<'_>) -> Self {
        Self::new(format!("expected {expected}, found {}", found.kind()))
    }
}

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ColumnError {}

/// A [`ColumnError`], and the column it happened in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The column's place in [`Record::COLUMNS`].
    pub column: usize,
    /// What is wrong with it.
    pub error: ColumnError,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column + 1, self.error)
    }
}

impl std::error::Error for RowError {}
