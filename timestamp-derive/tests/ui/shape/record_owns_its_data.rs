//! Law: an entity that is loaded from a table borrows from nothing.
//! Instead: own the text: `title: String`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice<'a> {
    #[timestamped(id)]
    id: u64,
    title: &'a str,
    timestamps: Timestamps,
}

fn main() {}
