//! Law: the version is the number of an entity's events ever.
//! Instead: let every change call `touch`, and read `invoice.version()`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn start_again(invoice: &mut Invoice) {
    invoice.timestamps.version = 1;
}

fn main() {}
