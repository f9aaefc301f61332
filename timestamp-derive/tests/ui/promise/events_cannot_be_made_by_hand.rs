//! Law: events are made by `create`, `touch` and a delete.
//! Instead: call `invoice.touch("paid")`, and read `invoice.pending_events()`.

use timestamp_core::{EpochMs, Event, EventKind};

fn pretend(at: EpochMs) -> Event<'static> {
    Event { kind: EventKind::Updated, entity_type: "Invoice", entity_id: &7, version: 2, at }
}

fn main() {}
