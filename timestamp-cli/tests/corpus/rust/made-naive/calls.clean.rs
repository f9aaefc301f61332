// Zones kept.
fn calls(at: DateTime<Utc>) {
    at.to_utc();
    at.timestamp_millis();
    at.date_naive();
    naive_utc(at);
    Naive { naive_utc: at };
}
