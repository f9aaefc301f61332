//! Law: only the framework reaches the timestamps of an entity.
//! Instead: read them with `invoice.updated_at()`, and move them with `invoice.touch("..")`.

use timestamp_core::__private::{Access, Entity};
use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn replace(invoice: &mut Invoice, by: Timestamps) {
    *invoice.__timestamps_mut(Access::new()) = by;
}

fn main() {}
