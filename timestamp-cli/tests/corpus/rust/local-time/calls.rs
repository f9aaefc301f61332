// What depends on the zone of the machine.
use chrono::{DateTime, Local, TimeZone};
use time::{OffsetDateTime, UtcOffset};

struct Task {
    at: DateTime<Local>, //~ rust/local-time
}

fn calls(at: chrono::DateTime<chrono::Local>) { //~ rust/local-time
    Local::now(); //~ rust/local-time
    chrono::Local::now(); //~ rust/local-time
    chrono::offset::Local::today(); //~ rust/local-time
    at.with_timezone(&Local); //~ rust/local-time
    Local.timestamp_opt(0, 0); //~ rust/local-time
    DateTime::<Local>::from(at); //~ rust/local-time
    OffsetDateTime::now_local(); //~ rust/local-time
    time::UtcOffset::current_local_offset(); //~ rust/local-time
    UtcOffset::local_offset_at(at); //~ rust/local-time
    jiff::Zoned::now(); //~ rust/local-time
    jiff::tz::TimeZone::system(); //~ rust/local-time
    at.to_zoned(jiff::tz::TimeZone::try_system()); //~ rust/local-time
    unsafe { libc::localtime_r(&at, &mut parts) }; //~ rust/local-time
    unsafe { libc::mktime(&mut parts) }; //~ rust/local-time
    println!("{}", Local::now()); //~ rust/local-time
}
