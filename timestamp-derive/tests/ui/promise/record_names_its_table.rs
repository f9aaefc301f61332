//! Law: only an entity with a table can be stored.
//! Instead: write `#[timestamped(table = "invoices")]` above the struct.

use timestamp_core::{Record, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn columns<E: Record>() -> usize {
    E::COLUMNS.len()
}

fn main() {
    columns::<Invoice>();
}
