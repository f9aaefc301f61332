//! Law: a field that is stored as text can be shown and parsed.
//! Instead: implement `Display` and `FromStr` for its type.

use timestamp_core::{Timestamped, Timestamps};

struct Address {
    street: String,
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(text)]
    recipient: Address,
    timestamps: Timestamps,
}

fn main() {}
