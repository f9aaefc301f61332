//! Law: `created_at` never changes after `create`.
//! Instead: keep a date that can change in a field of its own, such as `issued_at: EpochMs`.

use timestamp_core::{EpochMs, Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn reissue(invoice: &mut Invoice, at: EpochMs) {
    invoice.timestamps.created_at = at;
}

fn main() {}
