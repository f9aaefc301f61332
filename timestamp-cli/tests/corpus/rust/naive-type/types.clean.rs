// Instants, and naive times that are read only to get a zone.
use chrono::{DateTime, NaiveDateTime, Utc};

pub struct Task {
    created_at: DateTime<Utc>,
    pub updated_at: Option<time::UtcDateTime>,
    due: jiff::Timestamp,
    start: jiff::Zoned,
    birthday: chrono::NaiveDate,
    opens: chrono::NaiveTime,
}

mod own {
    pub struct PrimitiveDateTime;
    pub struct Task {
        at: PrimitiveDateTime,
    }
}

fn read(text: &str) -> Result<DateTime<Utc>, Error> {
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")?;
    Ok(naive.and_utc())
}

impl Task {
    const FIRST: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;
}

trait Clock: Into<DateTime<Utc>> {
    const START: DateTime<Utc>;
    type At: From<DateTime<Utc>>;
}

struct Log<At = DateTime<Utc>>(At);

unsafe extern "C" {
    static LAST: i64;
}
