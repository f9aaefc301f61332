//! Law: the derive does not guess which field is the id.
//! Instead: write `#[timestamped(id)]` above it.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
