// `Z`.
fn calls(at: DateTime<Utc>, z: bool) {
    at.to_rfc3339_opts(SecondsFormat::Millis, true);
    at.to_rfc3339_opts(SecondsFormat::Millis, z);
    to_rfc3339_opts(SecondsFormat::Millis, false);
}
