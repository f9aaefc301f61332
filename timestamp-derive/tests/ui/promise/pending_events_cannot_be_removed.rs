//! Law: an event leaves the entity only when it is stored or handed over.
//! Instead: save the entity, or `drain_events()` and `commit()` once the events are safe.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn forget(invoice: &mut Invoice) {
    invoice.pending_events().clear();
}

fn main() {}
