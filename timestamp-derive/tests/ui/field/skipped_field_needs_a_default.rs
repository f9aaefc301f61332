//! Law: a field that is not stored has a default value.
//! Instead: implement `Default` for its type.

use timestamp_core::{Timestamped, Timestamps};

struct Address {
    street: String,
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(skip)]
    recipient: Address,
    timestamps: Timestamps,
}

fn main() {}
