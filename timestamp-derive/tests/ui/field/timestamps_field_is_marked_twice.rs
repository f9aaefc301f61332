//! Law: an entity has one timestamps field.
//! Instead: keep the mark on one of the two.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(timestamps)]
    timestamps: Timestamps,
    #[timestamped(timestamps)]
    stamps: Timestamps,
}

fn main() {}
