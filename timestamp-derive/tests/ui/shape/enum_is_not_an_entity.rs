//! Law: an entity is a struct with named fields.
//! Instead: derive it for a struct that has a field of the enum's type.

use timestamp_core::Timestamped;

#[derive(Timestamped)]
enum Invoice {
    Open,
    Paid,
}

fn main() {}
