//! Law: one field has one role.
//! Instead: mark two fields.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id, timestamps)]
    timestamps: Timestamps,
}

fn main() {}
