// Times that a clock gave, and a module of the project that has the crate's name.
use time::{OffsetDateTime, UtcDateTime};

mod own {
    mod time {
        pub struct OffsetDateTime;
    }

    fn f() {
        time::OffsetDateTime::now_utc();
    }
}

fn calls(clock: &Clock) {
    let now = UtcDateTime::from(clock.now());
    let at = OffsetDateTime::from_unix_timestamp(0);
    let start = OffsetDateTime::UNIX_EPOCH;
    now.replace_millisecond(0);
}
