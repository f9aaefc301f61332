//! Law: only `touch` moves `updated_at`.
//! Instead: call `invoice.touch("paid")`, and read `invoice.updated_at()`.

use timestamp_core::{EpochMs, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn backdate(invoice: &mut Invoice, at: EpochMs) {
    invoice.timestamps.updated_at = at;
}

fn main() {}
