//! Law: keys stand in parentheses.
//! Instead: write `#[timestamped(table = "invoices")]`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped = "invoices"]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
