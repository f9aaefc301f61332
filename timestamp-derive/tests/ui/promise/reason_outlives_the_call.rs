//! Law: an event keeps its reason until it is stored, so a reason is not borrowed.
//! Instead: pass a literal, or an owned `String`: `invoice.touch(note.to_owned())`.

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn pay(invoice: &mut Invoice, note: &str) {
    invoice.touch(note);
}

fn main() {}
