//! Law: a function is named by its path, without quotes.
//! Instead: write `validate = Self::check`.

use timestamp_core::{Timestamped, Timestamps, ValidationError};

#[derive(Timestamped)]
#[timestamped(validate = "Self::check")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

impl Invoice {
    fn check(&self) -> Result<(), ValidationError> {
        Ok(())
    }
}

fn main() {}
