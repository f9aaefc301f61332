// Patterns of texts that are put together, or come from elsewhere.
use crate::patterns::LOG;

fn write(at: DateTime<Utc>) {
    let pattern = "%Y-%m-%d %H:%M:%S";
    at.format(pattern); //~ rust/format-without-zone
    at.format(concat!("%Y-%m-%d", " %H:%M:%S")); //~ rust/format-without-zone
    at.format(LOG); //~ rust/format-without-zone
}
