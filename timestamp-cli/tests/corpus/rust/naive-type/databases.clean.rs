// Columns that know their zone, or hold milliseconds.
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

diesel::table! {
    tasks (id) {
        id -> Int8,
        #[sql_name = "Timestamp"]
        timestamp -> Int8,
        created_at -> Timestamptz,
        done_at -> Nullable<TimestamptzSqlite>,
    }
}

table!("Timestamp", Timestamp, a -> b);

pub struct Model {
    pub id: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTime<Utc>,
    pub done_at: Option<DateTimeWithTimeZone>,
}
