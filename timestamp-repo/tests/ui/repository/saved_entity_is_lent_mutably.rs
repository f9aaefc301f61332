//! Law: a save lets the entity forget its events, so it changes the entity.
//! Instead: pass `&mut invoice`.

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

async fn settle(invoices: &Repository<Invoice, Sqlite>, invoice: Invoice) -> Result<(), timestamp_repo::SaveError> {
    invoices.save(&invoice).await
}

fn main() {}
