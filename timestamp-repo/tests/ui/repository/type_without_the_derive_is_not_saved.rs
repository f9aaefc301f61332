//! Law: only an entity is saved, because only an entity has timestamps and events.
//! Instead: derive `Timestamped`, with `#[timestamped(table = "..")]`.

use timestamp_repo::Sqlite;

struct Invoice {
    id: i64,
    total: i64,
}

fn open(store: &Sqlite) {
    let _opening = store.repository::<Invoice>();
}

fn main() {}
