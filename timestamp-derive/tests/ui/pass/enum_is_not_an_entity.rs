use std::fmt::{self, Display};
use std::str::FromStr;
use timestamp_core::{Timestamped, Timestamps};

#[derive(Debug, PartialEq)]
enum Status {
    Open,
    Paid,
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Paid => "paid",
        })
    }
}

impl FromStr for Status {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "open" => Ok(Self::Open),
            "paid" => Ok(Self::Paid),
            _ => Err(()),
        }
    }
}

#[derive(Timestamped)]
#[timestamped(table = "invoices")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    #[timestamped(text)]
    status: Status,
    timestamps: Timestamps,
}

fn main() {
    let mut invoice = Invoice::create(|timestamps| Invoice { id: 7, status: Status::Open, timestamps }).unwrap();
    invoice.status = Status::Paid;
    invoice.touch("paid");
    assert_eq!((invoice.id, invoice.version()), (7, 2));
}
