// A date alone, where the name says when something happened.
use chrono::{NaiveDate, NaiveTime};

struct Task {
    created_at: NaiveDate, //~ rust/naive-date
    done_at: Option<NaiveDate>, //~ rust/naive-date
    last_updated: NaiveDate, //~ rust/naive-date
    deleted_at: time::Date, //~ rust/naive-date
    seen_at: jiff::civil::Date, //~ rust/naive-date
}

fn touch(updated_at: NaiveTime) {} //~ rust/naive-date

fn created_at(task: &Task) -> NaiveDate { //~ rust/naive-date
    task.created_at
}

type CreatedAt = NaiveDate; //~ rust/naive-date
