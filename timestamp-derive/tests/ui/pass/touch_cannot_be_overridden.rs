use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

impl Invoice {
    fn pay(&mut self) {
        self.touch("paid");
    }
}

fn main() {
    let mut invoice = Invoice::create(|timestamps| Invoice { id: 7, timestamps }).unwrap();
    invoice.pay();
    assert_eq!((invoice.id, invoice.version()), (7, 2));
}
