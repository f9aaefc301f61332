//! Law: an entity is found by an id of its own type.
//! Instead: give each entity an id type of its own, and pass that.

use timestamp_core::{Column, ColumnError, ColumnType, Timestamped, Timestamps, Value};
use timestamp_repo::{FindError, Repository, Sqlite};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct InvoiceId(i64);

impl std::fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Column for InvoiceId {
    const TYPE: ColumnType = ColumnType::Integer;

    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        Ok(Value::Integer(self.0))
    }

    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        i64::from_value(value).map(Self)
    }
}

struct CustomerId(i64);

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

async fn look(invoices: &Repository<Invoice, Sqlite>, id: &CustomerId) -> Result<Option<Invoice>, FindError> {
    invoices.find(id).await
}

fn main() {}
