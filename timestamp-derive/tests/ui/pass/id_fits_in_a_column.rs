use std::fmt;
use timestamp_core::{Column, ColumnError, ColumnType, Record, Timestamped, Timestamps, Value};

#[derive(Clone, PartialEq, Eq, Hash)]
struct InvoiceId(u64);

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "I-{}", self.0)
    }
}

impl Column for InvoiceId {
    const TYPE: ColumnType = <u64 as Column>::TYPE;

    fn to_value(&self) -> Result<Value<'_>, ColumnError> {
        self.0.to_value()
    }

    fn from_value(value: Value<'_>) -> Result<Self, ColumnError> {
        u64::from_value(value).map(Self)
    }
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

fn main() {
    assert_eq!(Invoice::COLUMNS[Invoice::ID_COLUMN].column_type, ColumnType::Integer);
}
