//! Law: an entity is a struct with named fields.
//! Instead: write `struct`.

use timestamp_core::Timestamped;

#[derive(Timestamped)]
union Invoice {
    id: u64,
    number: i64,
}

fn main() {}
