//! Law: a key is given once.
//! Instead: keep one of the two names.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
#[timestamped(table = "bills")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
