//! Law: an entity has an id.
//! Instead: add a field for it, and mark it with `#[timestamped(id)]`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    total: i64,
    timestamps: Timestamps,
}

fn main() {}
