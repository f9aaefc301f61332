// The types that libraries of databases have for times without a zone.
use sea_orm::entity::prelude::*;

diesel::table! {
    tasks (id) {
        id -> Int8,
        created_at -> Timestamp, //~ rust/naive-type
        done_at -> Nullable<Timestamp>, //~ rust/naive-type
    }
}

table! {
    old (id) {
        id -> Integer,
        at -> diesel::sql_types::Datetime, //~ rust/naive-type
    }
}

pub struct Model {
    pub id: i64,
    pub created_at: DateTime, //~ rust/naive-type
    pub done_at: Option<sea_orm::prelude::ChronoDateTime>, //~ rust/naive-type
    pub seen_at: time::PlainDateTime, //~ rust/naive-type
    pub shown_at: DateTimeLocal, //~ rust/local-time
}
