//! Law: `created_at_ms`, `updated_at_ms` and `version` are kept by the repository.
//! Instead: call `invoice.version()`; a version of your own gets a column of its own.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    version: u32,
    timestamps: Timestamps,
}

fn main() {}
