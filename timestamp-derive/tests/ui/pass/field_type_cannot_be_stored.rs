use std::net::IpAddr;
use timestamp_core::{ColumnType, Record, Timestamped, Timestamps};

#[derive(serde::Serialize, serde::Deserialize)]
struct Address {
    street: String,
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(json)]
    recipient: Address,
    #[timestamped(text)]
    ordered_from: IpAddr,
    #[timestamped(skip)]
    rendered: Option<Vec<u8>>,
    timestamps: Timestamps,
}

fn main() {
    let types: Vec<_> = Invoice::COLUMNS.iter().map(|column| column.column_type).collect();
    assert_eq!(types, [ColumnType::Integer, ColumnType::Json, ColumnType::Text]);
}
