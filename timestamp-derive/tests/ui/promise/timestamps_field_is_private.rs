//! Law: the timestamps field is private to the module of its entity.
//! Instead: leave `pub` out; `invoice.updated_at()` can be called from everywhere.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
pub struct Invoice {
    #[timestamped(id)]
    pub id: u64,
    pub timestamps: Timestamps,
}

fn main() {}
