//! Law: rows are found by their id, so it is stored through `Column`.
//! Instead: implement `Column` for its type.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id, json)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
