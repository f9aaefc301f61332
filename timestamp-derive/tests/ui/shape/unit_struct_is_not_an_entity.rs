//! Law: an entity has an id and timestamps.
//! Instead: give the struct both fields.

use timestamp_core::Timestamped;

#[derive(Timestamped)]
struct Invoice;

fn main() {}
