//! Law: the creation, the last change and the version each have a column of their own.
//! Instead: give each another name; case does not count.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices", created_at = "at", updated_at = "At")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
