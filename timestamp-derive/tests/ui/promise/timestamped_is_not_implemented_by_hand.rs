//! Law: the rules of timestamps are the same for every entity.
//! Instead: add `#[derive(Timestamped)]` to `Invoice`.

use timestamp_core::Timestamped;

struct Invoice {
    id: u64,
}

impl Timestamped for Invoice {}

fn main() {}
