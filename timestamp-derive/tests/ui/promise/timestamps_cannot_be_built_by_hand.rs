//! Law: timestamps come from `create`, or from the row that an entity is loaded from.
//! Instead: call `Invoice::create(|timestamps| Invoice { id: 7, timestamps })`.

use timestamp_core::{Clock, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn new(clock: &Clock) -> Invoice {
    Invoice { id: 7, timestamps: Timestamps::new(clock) }
}

fn main() {}
