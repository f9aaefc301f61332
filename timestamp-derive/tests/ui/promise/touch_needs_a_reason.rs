//! Law: every change says why.
//! Instead: call `invoice.touch("paid")`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn pay(invoice: &mut Invoice) {
    invoice.touch();
}

fn main() {}
