// A file without imports, as `include!` brings them: its names mean what they mean around it.
fn stamp() -> i64 {
    Utc::now().timestamp_millis() //~ rust/chrono-now
}
fn begun() -> SystemTime {
    SystemTime::now() //~ rust/system-time
}
