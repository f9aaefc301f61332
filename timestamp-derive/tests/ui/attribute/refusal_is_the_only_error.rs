//! Law: a refused struct is an entity to the rest of the program, so one mistake is one error.
//! Instead: mark the id.

use timestamp_core::{Record, Timestamped, Timestamps, ValidationError};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    id: u64,
    timestamps: Timestamps,
}

impl Invoice {
    fn new() -> Result<Self, ValidationError> {
        Self::create(|timestamps| Self { id: 7, timestamps })
    }
    fn pay(&mut self) -> u64 {
        self.touch("paid");
        *self.id()
    }
}

fn columns<E: Record>() -> usize {
    E::COLUMNS.len()
}

fn main() {
    columns::<Invoice>();
}
