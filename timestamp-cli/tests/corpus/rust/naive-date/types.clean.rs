// Dates of the calendar are what they are.
use chrono::{NaiveDate, NaiveTime};

struct Person {
    birthday: NaiveDate,
    holidays: Vec<NaiveDate>,
    opens: NaiveTime,
    due: time::Date,
    born: jiff::civil::Date,
    created_at: chrono::DateTime<chrono::Utc>,
}

fn easter(year: i32) -> NaiveDate {
    let created_at = NaiveDate::from_ymd_opt(year, 4, 1);
    created_at
}
