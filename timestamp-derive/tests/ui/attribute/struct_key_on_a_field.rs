//! Law: a key for the struct stands on the struct.
//! Instead: write `#[timestamped(table = "invoices")]` above the struct.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id, table = "invoices")]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
