//! Law: a misspelt key is refused, with the word that was probably meant.
//! Instead: write `table`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(tabel = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn main() {}
