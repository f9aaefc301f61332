//! Law: a unit of work writes one change after the other.
//! Instead: await each save before the next, or use `unit.save_all`.

use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::{Sqlite, UnitOfWork};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: i64,
    total: i64,
    timestamps: Timestamps,
}

async fn settle(unit: &mut UnitOfWork<Sqlite>, one: &mut Invoice, other: &mut Invoice) {
    let first = unit.save(one);
    let second = unit.save(other);
    let _ = (first.await, second.await);
}

fn main() {}
