use timestamp_core::{Record, Timestamped, Timestamps};

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(column = "layout_version")]
    version: u32,
    timestamps: Timestamps,
}

fn main() {
    assert_eq!(Invoice::COLUMNS[1].name, "layout_version");
}
