//! Law: a comma stands between two keys.
//! Instead: write `json, column = "sum"`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(json column = "sum")]
    total: i64,
    timestamps: Timestamps,
}

fn main() {}
