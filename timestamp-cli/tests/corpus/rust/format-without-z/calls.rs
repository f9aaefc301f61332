// `+00:00` where `Z` is meant.
fn calls(at: DateTime<Utc>) {
    at.to_rfc3339_opts(SecondsFormat::Millis, false); //~ rust/format-without-z
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, false).into_bytes(); //~ rust/format-without-z
    json!({ "at": at.to_rfc3339_opts(SecondsFormat::Millis, false) }); //~ rust/format-without-z
    let text = write(&at.to_rfc3339_opts(
        SecondsFormat::Micros,
        false, //~ rust/format-without-z
    ));
}
