use serde::{Deserialize, Serialize};
use timestamp_core::{Timestamped, Timestamps, ValidationError};

#[derive(Deserialize)]
struct NewInvoice {
    id: u64,
}

#[derive(Serialize, Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    // Out they go: `created_at`, `updated_at` and `version`.
    #[serde(flatten)]
    timestamps: Timestamps,
}

impl NewInvoice {
    fn accept(self) -> Result<Invoice, ValidationError> {
        Invoice::create(|timestamps| Invoice { id: self.id, timestamps })
    }
}

fn main() {
    assert!(NewInvoice { id: 7 }.accept().is_ok());
}
