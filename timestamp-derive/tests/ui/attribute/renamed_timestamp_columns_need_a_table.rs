//! Law: `created_at`, `updated_at` and `version` name columns, and only a table has those.
//! Instead: name the table too, or remove them.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(created_at = "created")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
