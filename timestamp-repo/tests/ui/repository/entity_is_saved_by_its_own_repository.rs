//! Law: a repository saves entities of one type.
//! Instead: open a repository for each type, `store.repository::<Customer>()`.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{Repository, SaveError, Sqlite};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: i64,
    total: i64,
    timestamps: Timestamps,
}

#[derive(Timestamped)]
#[timestamped(table = "customers")]
struct Customer {
    #[timestamped(id)]
    id: i64,
    timestamps: Timestamps,
}

async fn settle(invoices: &Repository<Invoice, Sqlite>, customer: &mut Customer) -> Result<(), SaveError> {
    invoices.save(customer).await
}

fn main() {}
