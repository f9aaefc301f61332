use timestamp_core::{Timestamped, Timestamps, ValidationError};

#[derive(Timestamped)]
#[timestamped(validate = Self::check)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

impl Invoice {
    fn check(&self) -> Result<(), ValidationError> {
        if self.id > 0 { Ok(()) } else { Err(ValidationError::new("id", "must be positive")) }
    }
}

fn main() {
    assert!(Invoice::create(|timestamps| Invoice { id: 0, timestamps }).is_err());
    assert!(Invoice::create(|timestamps| Invoice { id: 7, timestamps }).is_ok());
}
