//! Law: `validate` names a function that says what is wrong.
//! Instead: return `Result<(), ValidationError>`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(validate = Self::is_valid)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

impl Invoice {
    fn is_valid(&self) -> bool {
        self.id > 0
    }
}

fn main() {}
