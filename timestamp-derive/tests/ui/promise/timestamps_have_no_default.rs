//! Law: there is no instant that every new entity could begin with.
//! Instead: write a function that calls `Self::create`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Default, Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
