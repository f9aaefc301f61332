// The same types with times that a clock gave; ids, which are no timestamps.
use bson::DateTime;
use filetime::FileTime;

fn calls(clock: &Clock) {
    DateTime::from_millis(clock.now().as_millis());
    FileTime::from_unix_time(0, 0);
    uuid::Uuid::now_v7();
    DateTime::MAX;
}
