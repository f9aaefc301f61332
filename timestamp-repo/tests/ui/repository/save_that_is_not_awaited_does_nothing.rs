//! Law: a save happens when it is awaited.
//! Instead: write `invoices.save(invoice).await?`.

#![deny(unused_must_use)]

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{Repository, Sqlite};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: i64,
    total: i64,
    timestamps: Timestamps,
}

fn settle(invoices: &Repository<Invoice, Sqlite>, invoice: &mut Invoice) {
    invoices.save(invoice);
}

fn main() {}
