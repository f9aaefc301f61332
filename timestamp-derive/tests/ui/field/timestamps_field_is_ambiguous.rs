//! Law: of two fields of type `Timestamps`, one is marked.
//! Instead: write `#[timestamped(timestamps)]` above the entity's own.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
    timestamps_of_order: Timestamps,
}

fn main() {}
