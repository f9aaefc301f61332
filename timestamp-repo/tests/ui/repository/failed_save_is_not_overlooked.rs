//! Law: a save that was refused has stored nothing, and says so.
//! Instead: look at the result, with `?` or a `match`.

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

async fn settle(invoices: &Repository<Invoice, Sqlite>, invoice: &mut Invoice) {
    invoices.save(invoice).await;
}

fn main() {}
