//! Law: a column of the timestamps is kept by the repository under the name that it is given, too.
//! Instead: give the field, or the column of the timestamps, another name.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices", updated_at = "changed")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    changed: bool,
    timestamps: Timestamps,
}

fn main() {}
