//! Law: the timestamps are stored in three columns with fixed names.
//! Instead: remove the key.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(column = "stamps")]
    timestamps: Timestamps,
}

fn main() {}
