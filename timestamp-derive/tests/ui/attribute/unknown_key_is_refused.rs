//! Law: a key that nobody knows is not passed over in silence.
//! Instead: look the key up in `docs/attributes.md`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(indexed)]
    total: i64,
    timestamps: Timestamps,
}

fn main() {}
