//! Law: a field that is not stored has no column.
//! Instead: keep `column`, or `skip`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(skip, column = "sum")]
    total: i64,
    timestamps: Timestamps,
}

fn main() {}
