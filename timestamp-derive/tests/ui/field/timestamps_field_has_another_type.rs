//! Law: the timestamps field has the type `Timestamps`.
//! Instead: write `timestamps: Timestamps`.

use timestamp_core::Timestamped;

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(timestamps)]
    timestamps: std::time::SystemTime,
}

fn main() {}
