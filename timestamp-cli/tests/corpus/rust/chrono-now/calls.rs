// chrono.
use chrono as c;
use chrono::Utc;
use chrono::{DateTime, Utc as Z};

mod by_prelude {
    use chrono::prelude::*;

    fn f() -> DateTime<Utc> {
        Utc::now() //~ rust/chrono-now
    }
}

mod by_an_unknown_glob {
    use other::prelude::*;

    fn f() {
        Utc::now(); //~ rust/chrono-now
    }
}

mod by_extern_crate {
    extern crate chrono as calendar;

    fn f() {
        calendar::Utc::now(); //~ rust/chrono-now
    }
}

fn calls() {
    Utc::now(); //~ rust/chrono-now
    Z::now(); //~ rust/chrono-now
    c::Utc::now(); //~ rust/chrono-now
    chrono::Utc::now(); //~ rust/chrono-now
    chrono::offset::Utc::now(); //~ rust/chrono-now
    chrono::prelude::Utc::now(); //~ rust/chrono-now
    sqlx::types::chrono::Utc::now(); //~ rust/chrono-now
    Utc::today(); //~ rust/chrono-now
    let at: DateTime<Utc> = Utc::now(); //~ rust/chrono-now
    Utc::now().timestamp_millis(); //~ rust/chrono-now
    items.map(|_| Utc::now()); //~ rust/chrono-now
    let f: fn() -> DateTime<Utc> = Utc::now; //~ rust/chrono-now
    json!({ "at": Utc::now().to_rfc3339() }); //~ rust/chrono-now
}

struct Task {
    #[serde(default = "Utc::now")] //~ rust/chrono-now
    created_at: DateTime<Utc>,
    #[serde(default = "chrono::Utc::now")] //~ rust/chrono-now
    updated_at: DateTime<Utc>,
}
