// Times that a clock gave; another's `Utc`.
use chrono::{DateTime, TimeZone, Utc};

mod other {
    use calendar_of_mine::Utc;

    fn f() {
        Utc::now();
    }
}

fn calls(clock: &Clock) -> DateTime<Utc> {
    let at = DateTime::from_timestamp_millis(clock.now().as_millis());
    Utc.timestamp_opt(0, 0);
    at.with_timezone(&Utc).to_utc();
    DateTime::<Utc>::from(at)
}
