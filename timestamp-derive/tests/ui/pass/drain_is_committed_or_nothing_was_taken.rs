#![deny(unused_must_use)]

use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn hand_over(invoice: &mut Invoice, send: impl FnOnce(usize)) {
    let drain = invoice.drain_events();
    send(drain.events().len());
    drain.commit();
}

fn main() {
    let mut invoice = Invoice::create(|timestamps| Invoice { id: 7, timestamps }).unwrap();
    hand_over(&mut invoice, |events| assert_eq!(events, 1));
    assert_eq!((invoice.id, invoice.pending_events().len()), (7, 0));
}
