//! Law: the fields of an entity have names.
//! Instead: write `struct Invoice { #[timestamped(id)] id: u64, timestamps: Timestamps }`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice(u64, Timestamps);

fn main() {}
