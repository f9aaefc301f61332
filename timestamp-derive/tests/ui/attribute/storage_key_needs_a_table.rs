//! Law: `column`, `json`, `text` and `skip` say how a field is stored.
//! Instead: name the table, or remove the key.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(column = "sum")]
    total: i64,
    timestamps: Timestamps,
}

fn main() {}
