//! Law: a filter's values are bound one by one, each of a type that a column can hold.
//! Instead: convert the value, or pass what it is made of.

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

struct Money {
    cents: i64,
}

fn look(invoices: &Repository<Invoice, Sqlite>, least: Money) {
    let _looking = invoices.filter("total >= ?", (least,));
}

fn main() {}
