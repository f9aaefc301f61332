//! Law: a unit of work ends with its commit.
//! Instead: save before the commit, or begin another unit.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::Sqlite;

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: i64,
    total: i64,
    timestamps: Timestamps,
}

async fn settle(store: &Sqlite, invoice: &mut Invoice) -> Result<(), Box<dyn std::error::Error>> {
    let mut unit = store.begin().await?;
    unit.commit().await?;
    unit.save(invoice).await?;
    Ok(())
}

fn main() {}
