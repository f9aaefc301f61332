use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Order {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

#[derive(Timestamped)]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(timestamps)]
    timestamps: Timestamps,
    timestamps_of_order: Timestamps,
}

fn main() {
    let order = Order::create(|timestamps| Order { id: 1, timestamps }).unwrap();
    let timestamps_of_order = order.timestamps.clone();
    let invoice = Invoice::create(|timestamps| Invoice { id: order.id, timestamps, timestamps_of_order }).unwrap();
    assert_eq!(invoice.timestamps_of_order, order.timestamps);
    assert_eq!((invoice.id, invoice.version()), (1, 1));
}
