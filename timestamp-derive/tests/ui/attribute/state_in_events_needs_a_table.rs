//! Law: the state that events carry is what a table stores.
//! Instead: name the table too, or remove `events`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(events = "state")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
