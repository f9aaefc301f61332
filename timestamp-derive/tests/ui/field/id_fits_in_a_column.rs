//! Law: the id of an entity with a table is stored in a column.
//! Instead: implement `Column` for it, through a type that has it.

use std::fmt;
use timestamp_core::{Timestamped, Timestamps};

#[derive(Clone, PartialEq, Eq, Hash)]
struct InvoiceId(u64);

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "I-{}", self.0)
    }
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

fn main() {}
