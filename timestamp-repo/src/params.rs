//! `Params`: the values of a filter, bound and never pasted into the SQL.

use std::borrow::Cow;

use timestamp_core::{EpochMs, Value};
use uuid::Uuid;

/// The values of a filter's placeholders, in their order: `()`, a tuple, an array, or a `Vec`.
///
/// # Example
///
/// ```no_run
/// # use timestamp_core::{Timestamped, Timestamps};
/// # #[derive(Timestamped)]
/// # #[timestamped(table = "tasks")]
/// # struct Task { #[timestamped(id)] id: i64, title: String, done: bool, timestamps: Timestamps }
/// # async fn example(tasks: timestamp_repo::Repository<Task, timestamp_repo::Sqlite>) -> Result<(), Box<dyn std::error::Error>> {
/// let open = tasks.filter("done = ? AND title LIKE ?", (false, "write%")).await?;
/// let all = tasks.filter("1", ()).await?;
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of values for a filter",
    label = "expected `()`, a tuple, an array or a `Vec` of values",
    note = "for one value, write a tuple: `(value,)`"
)]
pub trait Params {
    /// Returns the values.
    fn into_values(self) -> Vec<Value<'static>>;
}

/// One value of a filter.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` can not be bound to a placeholder of a filter",
    label = "`Param` is not implemented for this type",
    note = "pass what it is stored as: an integer, a float, text, bytes, a `bool`, a `Uuid`, an `EpochMs`, or an `Option` of these"
)]
pub trait Param {
    /// Returns the value.
    fn into_value(self) -> Value<'static>;
}

macro_rules! param {
    ($($type:ty => $make:expr),* $(,)?) => {$(
        impl Param for $type {
            fn into_value(self) -> Value<'static> {
                let make: fn($type) -> Value<'static> = $make;
                make(self)
            }
        }
    )*};
}

param! {
    bool => Value::Bool,
    i64 => Value::Integer,
    i32 => |it| Value::Integer(it.into()),
    u32 => |it| Value::Integer(it.into()),
    f64 => Value::Real,
    &str => |it| Value::Text(Cow::Owned(it.to_owned())),
    &String => |it| Value::Text(Cow::Owned(it.clone())),
    String => |it| Value::Text(Cow::Owned(it)),
    &[u8] => |it| Value::Blob(Cow::Owned(it.to_owned())),
    Vec<u8> => |it| Value::Blob(Cow::Owned(it)),
    Uuid => Value::Uuid,
    &Uuid => |it| Value::Uuid(*it),
    EpochMs => Value::Time,
    Value<'static> => |it| it,
}

impl<P: Param> Param for Option<P> {
    fn into_value(self) -> Value<'static> {
        self.map_or(Value::Null, Param::into_value)
    }
}

impl Params for () {
    fn into_values(self) -> Vec<Value<'static>> {
        Vec::new()
    }
}

impl<P: Param, const N: usize> Params for [P; N] {
    fn into_values(self) -> Vec<Value<'static>> {
        self.into_iter().map(Param::into_value).collect()
    }
}

impl<P: Param> Params for Vec<P> {
    fn into_values(self) -> Vec<Value<'static>> {
        self.into_iter().map(Param::into_value).collect()
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: Param),+> Params for ($($name,)+) {
            #[expect(non_snake_case, reason = "each variable carries the name of its type parameter")]
            fn into_values(self) -> Vec<Value<'static>> {
                let ($($name,)+) = self;
                vec![$($name.into_value()),+]
            }
        }
    )*};
}

tuples! {
    (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H)
}
