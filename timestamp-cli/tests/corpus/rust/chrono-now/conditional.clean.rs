// Conditions and documentation.
#[cfg_attr(feature = "chrono::Utc::now", derive(Debug))]
#[cfg_attr(docsrs, doc = "SELECT now()", doc = "`chrono::Utc::now`")]
struct Task {
    #[cfg_attr(feature = "serde", serde(with = "chrono::serde::ts_milliseconds"))]
    at: Time,
}
