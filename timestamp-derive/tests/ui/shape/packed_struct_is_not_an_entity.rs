//! Law: the fields of an entity can be borrowed.
//! Instead: leave `packed` out.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[repr(C, packed)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
