//! Law: two fields have two columns, and case does not tell them apart.
//! Instead: rename one: `#[timestamped(column = "..")]`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    total: i64,
    #[timestamped(column = "Total")]
    total_with_tax: i64,
    timestamps: Timestamps,
}

fn main() {}
