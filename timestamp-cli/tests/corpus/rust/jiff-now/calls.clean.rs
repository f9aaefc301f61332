// Times that a clock gave; another's `Timestamp`.
use jiff::Timestamp;

mod other {
    use protocol::Timestamp;

    fn f() {
        Timestamp::now();
    }
}

fn calls(clock: &Clock) {
    let at = Timestamp::from_millisecond(clock.now().as_millis());
    Timestamp::UNIX_EPOCH;
    at.to_zoned(jiff::tz::TimeZone::UTC);
}
