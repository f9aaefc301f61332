//! Law: an entity is saved in the table that it names.
//! Instead: add `#[timestamped(table = "invoices")]`.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::Sqlite;

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: i64,
    total: i64,
    timestamps: Timestamps,
}

fn open(store: &Sqlite) {
    let _opening = store.repository::<Invoice>();
}

fn main() {}
