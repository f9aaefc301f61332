//! Law: `id` is a bare word.
//! Instead: write `#[timestamped(id)]`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id = true)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
