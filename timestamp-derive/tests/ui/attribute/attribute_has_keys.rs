//! Law: an attribute without a key is a mistake.
//! Instead: remove it.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
