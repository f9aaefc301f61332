//! Law: all mistakes of a struct are reported in one run.
//! Instead: correct them together.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(tabel = "invoices", validate = "Self::check")]
struct Invoice {
    id: u64,
    #[timestamped(ignore)]
    recipient: String,
    pub timestamps: Timestamps,
}

fn main() {}
