//! Law: each field of an entity with a table fits into a column.
//! Instead: store it as JSON: `#[timestamped(json)]`.

use timestamp_core::{Timestamped, Timestamps};

struct Address {
    street: String,
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    recipient: Address,
    timestamps: Timestamps,
}

fn main() {}
