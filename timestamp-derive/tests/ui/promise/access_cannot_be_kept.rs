//! Law: leave to reach the timestamps ends with the call that it was given for.
//! Instead: derive `Timestamped`, and change the entity through `touch`.

use timestamp_core::__private::{Access, Entity};
use timestamp_core::{Timestamps, ValidationError};

struct Spy {
    id: u64,
    kept: Option<Access<'static, Self>>,
    timestamps: Timestamps,
}

impl Entity for Spy {
    type __Id = u64;
    const __ENTITY_TYPE: &'static str = "Spy";
    fn __id(&self) -> &u64 {
        &self.id
    }
    fn __timestamps(&self, _: Access<'_, Self>) -> &Timestamps {
        &self.timestamps
    }
    fn __timestamps_mut(&mut self, access: Access<'_, Self>) -> &mut Timestamps {
        self.kept = Some(access);
        &mut self.timestamps
    }
    fn __validate(&self) -> Result<(), ValidationError> {
        Ok(())
    }
}

fn main() {}
