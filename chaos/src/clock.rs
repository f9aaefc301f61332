//! The time at which something is noted.

use timestamp_core::Clock;

/// Milliseconds since 1970, by the true clock.
pub(crate) fn now_ms() -> i64 {
    Clock::system().now().as_millis()
}
