// Attributes behind a condition.
#[cfg_attr(feature = "serde", serde(default = "chrono::Utc::now"))] //~ rust/chrono-now
struct Task {
    #[cfg_attr(feature = "builder", doc = "made", builder(default = chrono::Utc::now()))] //~ rust/chrono-now
    at: Time,
}
