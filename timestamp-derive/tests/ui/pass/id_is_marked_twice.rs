use std::fmt;
use timestamp_core::{Timestamped, Timestamps};

#[derive(Clone, PartialEq, Eq, Hash)]
struct InvoiceId {
    year: u16,
    number: u32,
}

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.year, self.number)
    }
}

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

fn main() {
    let id = InvoiceId { year: 2026, number: 7 };
    let invoice = Invoice::create(|timestamps| Invoice { id, timestamps }).unwrap();
    assert_eq!(invoice.id().to_string(), "2026-7");
}
