//! Law: an entity with a table can be saved on another thread.
//! Instead: use `Arc` for `Rc`, and a `Mutex` for a `RefCell`.

use std::rc::Rc;
use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(skip)]
    total: Rc<u64>,
    timestamps: Timestamps,
}

fn main() {}
