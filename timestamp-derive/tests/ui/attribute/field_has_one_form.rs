//! Law: a field is stored as JSON or as text.
//! Instead: keep one of the two words.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(json, text)]
    total: i64,
    timestamps: Timestamps,
}

fn main() {}
