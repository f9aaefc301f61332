//! Law: a field that is stored as JSON can be written and read by serde.
//! Instead: derive `Serialize` and `Deserialize` for its type.

use timestamp_core::{Timestamped, Timestamps};

struct Address {
    street: String,
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(json)]
    recipient: Address,
    timestamps: Timestamps,
}

fn main() {}
