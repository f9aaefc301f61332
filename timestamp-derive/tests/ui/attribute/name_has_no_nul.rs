//! Law: no database takes a NUL character in a name.
//! Instead: remove it.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(entity = "Inv\0ice")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
