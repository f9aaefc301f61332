//! Law: leave to reach the timestamps of one type of entity opens no other.
//! Instead: derive `Timestamped` for both, and `touch` each of them.

use timestamp_core::__private::{Access, Entity};
use timestamp_core::{Timestamped, Timestamps, ValidationError};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

struct Spy {
    invoice: Invoice,
    timestamps: Timestamps,
}

impl Entity for Spy {
    type __Id = u64;
    const __ENTITY_TYPE: &'static str = "Spy";
    fn __id(&self) -> &u64 {
        &self.invoice.id
    }
    fn __timestamps(&self, _: Access<'_, Self>) -> &Timestamps {
        &self.timestamps
    }
    fn __timestamps_mut(&mut self, access: Access<'_, Self>) -> &mut Timestamps {
        self.invoice.__timestamps_mut(access)
    }
    fn __validate(&self) -> Result<(), ValidationError> {
        Ok(())
    }
}

fn main() {}
