//! Law: the rest of the crate is outside, too.
//! Instead: leave `pub(crate)` out, and change the entity through its own methods.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
pub struct Invoice {
    #[timestamped(id)]
    id: u64,
    pub(crate) timestamps: Timestamps,
}

fn main() {}
