//! Law: a drain that is dropped has taken nothing.
//! Instead: carry the events out, and then call `commit()`.

#![deny(unused_must_use)]

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn hand_over(invoice: &mut Invoice) {
    invoice.drain_events();
}

fn main() {}
