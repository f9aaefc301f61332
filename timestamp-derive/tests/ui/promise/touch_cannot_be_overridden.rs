//! Law: no entity brings a `touch` of its own.
//! Instead: write a method with another name that calls `self.touch("..")`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

impl Timestamped for Invoice {
    fn touch(&mut self, _reason: impl Into<std::borrow::Cow<'static, str>>) {}
}

fn main() {}
