// A zone that is named.
use jiff::ZonedDateTime;

fn calls(clock: &Clock, zone: TimeZone) -> ZonedDateTime {
    jiff::Timestamp::from(clock.now()).to_zoned(zone)
}
