// The `time` crate.
use time::OffsetDateTime;
use time::UtcDateTime as Utc;
use time as t;

mod by_glob {
    use time::*;

    fn f() {
        OffsetDateTime::now_utc(); //~ rust/time-now
        UtcDateTime::now(); //~ rust/time-now
    }
}

mod handed_on {
    pub use sqlx::types::time::OffsetDateTime as Stored;
}

fn calls() {
    OffsetDateTime::now_utc(); //~ rust/time-now
    time::OffsetDateTime::now_utc(); //~ rust/time-now
    ::time::UtcDateTime::now(); //~ rust/time-now
    t::UtcDateTime::now(); //~ rust/time-now
    Utc::now(); //~ rust/time-now
    handed_on::Stored::now_utc(); //~ rust/time-now
    sqlx::types::time::OffsetDateTime::now_utc(); //~ rust/time-now
    let at = given.unwrap_or_else(OffsetDateTime::now_utc); //~ rust/time-now
    let age = OffsetDateTime::now_utc() - at; //~ rust/time-now
    info!(at = %OffsetDateTime::now_utc(), "done"); //~ rust/time-now
}

impl Default for Task {
    fn default() -> Self {
        Self { created_at: OffsetDateTime::now_utc() } //~ rust/time-now
    }
}
