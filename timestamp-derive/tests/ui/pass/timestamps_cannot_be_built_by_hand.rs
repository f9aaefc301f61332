use timestamp_core::{Clock, EpochMs, Timestamped, Timestamps, ValidationError};

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

fn import(at: EpochMs) -> Result<Invoice, ValidationError> {
    // An old instant needs a clock that stands there.
    let clock = Clock::manual(at);
    Invoice::create_with(&clock, |timestamps| Invoice { id: 7, timestamps })
}

fn main() {
    let at: EpochMs = "2019-05-03T08:00:00.000Z".parse().unwrap();
    let invoice = import(at).unwrap();
    assert_eq!((invoice.id, invoice.created_at()), (7, at));
}
