//! Which stored events are deleted, and when.

use std::time::Duration;

use timestamp_core::EpochMs;

use super::error::RelayError;
use super::storage::Relaying;
use crate::testing::point;

/// A save whose outcome is unknown is decided by the events that are stored, so they stay for a day.
pub(crate) const SHORTEST: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn check(retention: Duration) -> Result<(), RelayError> {
    if retention < SHORTEST { Err(RelayError::RetentionTooShort { asked: retention }) } else { Ok(()) }
}

/// When what is kept for `age` was stored, at the earliest.
pub(crate) fn before(now: EpochMs, age: Duration) -> Result<EpochMs, RelayError> {
    check(age)?;
    let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Ok(EpochMs::from_millis(now.as_millis().saturating_sub(millis)).unwrap_or(EpochMs::MIN))
}

/// Deletes events older than `retention` that every relay is done with, `batch` at a time. Returns how many.
pub(crate) async fn prune<S: Relaying>(store: &S, retention: Duration, batch: u32) -> Result<u64, RelayError> {
    let before = before(store.now(), retention)?;
    let mut deleted = 0;
    loop {
        point("prune/before");
        let some = store.prune(before, batch).await?;
        point("prune/after");
        deleted += some;
        if some < u64::from(batch) {
            return Ok(deleted);
        }
    }
}
