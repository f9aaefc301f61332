use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn pay(invoice: &mut Invoice, note: &str) {
    invoice.touch(note.to_owned());
    invoice.touch("paid");
}

fn main() {
    let mut invoice = Invoice::create(|timestamps| Invoice { id: 7, timestamps }).unwrap();
    pay(&mut invoice, "by cheque");
    assert_eq!((invoice.id, invoice.version()), (7, 3));
}
