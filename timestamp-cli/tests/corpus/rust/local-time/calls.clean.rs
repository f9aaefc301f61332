// Zones that are named, where times are shown.
use chrono::{DateTime, Utc};

struct Local;

fn calls(at: DateTime<Utc>) {
    at.with_timezone(&chrono_tz::Europe::Zurich);
    time::UtcOffset::UTC;
    jiff::tz::TimeZone::get("Europe/Zurich");
    let here = Local;
    thread_local::LocalKey::with(&KEY, f);
}
