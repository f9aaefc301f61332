//! `Column`: how the type of one field is stored.

use std::borrow::Cow;

use uuid::Uuid;

use super::{ColumnError, ColumnType, Value};
use crate::EpochMs;

/// A type that fits into one column.
///
/// Implemented for integers, floats, `bool`, `String`, `Vec<u8>`, `Uuid`, [`EpochMs`], and `Option` of them.
/// For another type there are three ways: `#[timestamped(json)]`, `#[timestamped(text)]`, or this trait.
///
/// # Example: a newtype
///
/// ```
/// use timestamp_core::{Column, ColumnError, ColumnType, Value};
///
/// struct Cents(i64);
///
/// impl Column for Cents {
///     const TYPE: ColumnType = <i64 as Column>::TYPE;
///
///     fn to_value(&self) -> Result<Value<'_>, ColumnError> {
///         self.0.to_value()
///     }
///
///     fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
///         i64::from_value(value).map(Cents)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` can not be stored in a column",
    label = "`Column` is not implemented for this type",
    note = "implement `Column` for `{Self}`; a field other than the id can instead be marked `#[timestamped(json)]` (needs \
            `Serialize` and `Deserialize`), `#[timestamped(text)]` (needs `Display` and `FromStr`) or \
            `#[timestamped(skip)]` (needs `Default`)"
)]
pub trait Column: Sized {
    /// The column's type.
    const TYPE: ColumnType;

    /// Whether the column may hold NULL.
    const NULLABLE: bool = false;

    /// Returns the value to store.
    ///
    /// # Errors
    ///
    /// A value that the column can not hold.
    fn to_value(&self) -> Result<Value<'_>, ColumnError>;

    /// Builds the field from a stored value.
    ///
    /// # Errors
    ///
    /// A value of another kind, or out of range.
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError>;
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Column for $integer {
            const TYPE: ColumnType = ColumnType::Integer;

            #[inline]
            fn to_value(&self) -> Result<Value<'_>, ColumnError> {
                i64::try_from(*self).map(Value::Integer).map_err(|_| {
                    ColumnError::new("the number is too large for a column, which holds up to 9,223,372,036,854,775,807")
                })
            }

            #[inline]
            fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
                let Value::Integer(stored) = value else {
                    return Err(ColumnError::unexpected("an integer", &value));
                };
                Self::try_from(stored).map_err(|_| {
                    ColumnError::new(concat!("the stored integer does not fit into the field's type `", stringify!($integer), "`"))
                })
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Column for f64 {
    const TYPE: ColumnType = ColumnType::Real;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        // SQLite turns NaN into NULL, and PostgreSQL keeps it: refused, so that both hold the same.
        if self.is_nan() { Err(ColumnError::new("NaN can not be stored")) } else { Ok(Value::Real(*self)) }
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        match value {
            Value::Real(stored) => Ok(stored),
            // SQLite hands out a whole number from a column without REAL affinity as an integer.
            #[expect(clippy::cast_precision_loss, reason = "a whole number that the database made of a float")]
            Value::Integer(stored) => Ok(stored as Self),
            other => Err(ColumnError::unexpected("a floating point number", &other)),
        }
    }
}

impl Column for f32 {
    const TYPE: ColumnType = ColumnType::Real;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        if self.is_nan() { Err(ColumnError::new("NaN can not be stored")) } else { Ok(Value::Real(f64::from(*self))) }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the field is the narrower type; what it wrote it reads back")]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        f64::from_value(value).map(|stored| stored as Self)
    }
}

impl Column for bool {
    const TYPE: ColumnType = ColumnType::Bool;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Bool(*self))
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        match value {
            Value::Bool(stored) => Ok(stored),
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            Value::Integer(_) => Err(ColumnError::new("expected 0 or 1, found another integer")),
            other => Err(ColumnError::unexpected("a boolean", &other)),
        }
    }
}

impl Column for String {
    const TYPE: ColumnType = ColumnType::Text;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Text(Cow::Borrowed(self)))
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        match value {
            Value::Text(stored) => Ok(stored.into_owned()),
            other => Err(ColumnError::unexpected("text", &other)),
        }
    }
}

impl Column for Vec<u8> {
    const TYPE: ColumnType = ColumnType::Blob;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Blob(Cow::Borrowed(self)))
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        match value {
            Value::Blob(stored) => Ok(stored.into_owned()),
            other => Err(ColumnError::unexpected("bytes", &other)),
        }
    }
}

impl Column for Uuid {
    const TYPE: ColumnType = ColumnType::Uuid;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Uuid(*self))
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        match &value {
            Value::Uuid(stored) => Ok(*stored),
            Value::Text(stored) => Self::try_parse(stored).map_err(|_| ColumnError::new("the text is not a UUID")),
            Value::Blob(stored) => {
                Self::from_slice(stored).map_err(|_| ColumnError::new("a UUID has 16 bytes, and these are not"))
            }
            other => Err(ColumnError::unexpected("a UUID", other)),
        }
    }
}

impl Column for EpochMs {
    const TYPE: ColumnType = ColumnType::Time;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Time(*self))
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        match value {
            Value::Time(stored) => Ok(stored),
            Value::Integer(stored) => Self::from_millis(stored).map_err(|error| ColumnError::new(error.to_string())),
            other => Err(ColumnError::unexpected("epoch milliseconds", &other)),
        }
    }
}

impl<T: Column> Column for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const NULLABLE: bool = true;

    #[inline]
    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        self.as_ref().map_or(Ok(Value::Null), Column::to_value)
    }

    #[inline]
    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}
