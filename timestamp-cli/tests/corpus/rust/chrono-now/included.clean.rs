// Types of one's own that happen to have such names.
struct Utc;
enum SystemTime {}
fn stamp() -> i64 {
    Utc::now().timestamp_millis()
}
fn begun() -> Option<SystemTime> {
    Option::from(SystemTime::now())
}
