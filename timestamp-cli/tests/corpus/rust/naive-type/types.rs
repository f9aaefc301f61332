// Dates and times without a zone, where something has them.
use chrono::NaiveDateTime;
use jiff::civil;
use time::PrimitiveDateTime as Plain;

pub struct Task {
    created_at: NaiveDateTime, //~ rust/naive-type
    pub updated_at: Option<chrono::NaiveDateTime>, //~ rust/naive-type
    seen: Vec<(u64, chrono::naive::NaiveDateTime)>, //~ rust/naive-type
    due: time::PrimitiveDateTime, //~ rust/naive-type
    start: civil::DateTime, //~ rust/naive-type
    by: Box<dyn Fn(NaiveDateTime) -> bool>, //~ rust/naive-type
}

struct At(Plain); //~ rust/naive-type

enum Event {
    Moved(NaiveDateTime), //~ rust/naive-type
    Ended { at: sqlx::types::chrono::NaiveDateTime }, //~ rust/naive-type
}

type Stamp = NaiveDateTime; //~ rust/naive-type

struct Aliased {
    at: Stamp, //~ rust/naive-type
}

fn read(at: NaiveDateTime) -> u64 { //~ rust/naive-type
    0
}

fn write() -> Result<NaiveDateTime, Error> { //~ rust/naive-type
    todo()
}

trait Store {
    type At;
    fn save(&self, at: &Plain); //~ rust/naive-type
    fn load(&self) -> jiff::civil::DateTime; //~ rust/naive-type
}

impl Store for File {
    type At = NaiveDateTime; //~ rust/naive-type
}

const START: NaiveDateTime = NaiveDateTime::MIN; //~ rust/naive-type
static END: Option<Plain> = None; //~ rust/naive-type

fn convert<T: Into<chrono::NaiveDateTime>>(at: T) {} //~ rust/naive-type

impl Task {
    const FIRST: NaiveDateTime = NaiveDateTime::MIN; //~ rust/naive-type
}

trait Clock: Into<NaiveDateTime> { //~ rust/naive-type
    const START: NaiveDateTime; //~ rust/naive-type
    type At: From<NaiveDateTime>; //~ rust/naive-type
}

struct Log<At = NaiveDateTime>(At); //~ rust/naive-type

unsafe extern "C" {
    static LAST: NaiveDateTime; //~ rust/naive-type
}
