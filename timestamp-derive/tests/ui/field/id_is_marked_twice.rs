//! Law: an entity has one id.
//! Instead: make one field of both parts, with a type of its own.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    year: u16,
    #[timestamped(id)]
    number: u32,
    timestamps: Timestamps,
}

fn main() {}
