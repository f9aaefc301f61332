// Zones thrown away.
fn calls(at: DateTime<Utc>) {
    at.naive_utc(); //~ rust/made-naive
    at.naive_local(); //~ rust/made-naive
    at.naive_utc().to_string(); //~ rust/made-naive
    at.naive_utc().and_utc(); //~ rust/made-naive
    store(&clock.now().naive_utc()); //~ rust/made-naive
    json!({ "at": at.naive_utc() }); //~ rust/made-naive
    let text = format!("{}", at.naive_local()); //~ rust/made-naive
}
