//! Law: an id can be cloned, compared, hashed and shown as text.
//! Instead: derive `Clone`, `PartialEq`, `Eq` and `Hash`, and implement `Display`.

use timestamp_core::{Timestamped, Timestamps};

struct InvoiceId(u64);

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: InvoiceId,
    timestamps: Timestamps,
}

impl Invoice {
    fn pay(&mut self) {
        self.touch("paid");
    }
}

fn main() {}
