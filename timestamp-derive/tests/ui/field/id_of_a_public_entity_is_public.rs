//! Law: whoever can name an entity can name the type of its id.
//! Instead: write `pub struct InvoiceId(u64);`.

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
pub struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

fn main() {}
