//! One read of the system clock as epoch milliseconds: the floor under every `create` and `touch`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the milliseconds since 1970, with nothing around them: no type, no range.
#[inline]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the baseline is the bare read that `Clock` is compared with")]
pub fn clock_read() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64 * 1000 + i64::from(since.subsec_millis()),
        Err(_) => 0,
    }
}
