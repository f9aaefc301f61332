//! Law: an id that fits in a column is an id for all that: it can be cloned, compared, hashed and shown as text.
//! Instead: derive `Clone`, `PartialEq`, `Eq` and `Hash` beside `impl Column`, and implement `Display`.

use timestamp_core::{Column, ColumnError, ColumnType, Timestamped, Timestamps, Value};

struct InvoiceId(i64);

impl Column for InvoiceId {
    const TYPE: ColumnType = ColumnType::Integer;

    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        self.0.to_value()
    }

    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        i64::from_value(value).map(Self)
    }
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

fn main() {}
