//! Law: an entity has a field for its timestamps.
//! Instead: add `timestamps: Timestamps`.

use timestamp_core::Timestamped;

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
}

fn main() {}
