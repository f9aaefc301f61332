//! Law: beside what they always carry, events carry the state of the entity, or nothing.
//! Instead: write `events = "state"`; data of one event is given to `touch_with`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices", events = "history")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
