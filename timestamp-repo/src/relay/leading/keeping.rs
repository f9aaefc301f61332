//! Where the leader keeps what was found out, by which it also renews its lease.

use std::time::Duration;

use tokio::time::Instant;

use super::Leading;
use crate::error::BackendError;
use crate::relay::error::RelayError;
use crate::relay::lead::FIRST_PAUSE;
use crate::relay::sink::Sink;
use crate::relay::storage::Relaying;
use crate::testing::point;

/// How long what was found out may be known to this program alone. After a crash, the events of that time arrive again.
const KEEP_EVERY: Duration = Duration::from_millis(100);

impl<S: Relaying, K: Sink> Leading<'_, S, K> {
    /// When to keep what was found out, or at least to renew the lease.
    pub(super) fn keep_due(&self, now: Instant) -> Instant {
        let renew = self.kept_at + self.driver.options.lease / 3;
        if self.looking.is_some() && self.flow.has_parkings() {
            // What is found would be out of date. A store that takes its time for it does not cost the lease.
            renew
        } else if self.flow.has_parked() {
            now
        } else if self.flow.has_progress() {
            renew.min(self.keeping_since + KEEP_EVERY)
        } else {
            renew
        }
    }

    pub(super) fn begin_keeping(&mut self, now: Instant, is_last: bool) {
        let progress = self.flow.take_progress().unwrap_or_default();
        self.in_keeping = progress.clone();
        self.keeping_since = now;
        self.is_last = is_last;
        let (store, token) = (self.driver.store.clone(), self.token);
        let relay = self.driver.options.name.clone();
        let lease = if is_last { Duration::ZERO } else { self.driver.options.lease };
        self.keeping = Some(Box::pin(async move {
            point("keep/before");
            let kept = store.keep(&relay, token, lease, &progress).await;
            point("keep/after");
            kept
        }));
    }

    pub(super) fn not_kept(&mut self, error: &RelayError) -> Result<(), RelayError> {
        let now = Instant::now();
        self.flow.put_back(std::mem::take(&mut self.in_keeping));
        self.is_last = false;
        // The lease has run out: begin anew, with what is stored.
        if now >= self.kept_at + self.driver.options.lease {
            return Err(RelayError::Backend(BackendError::new(format!("the lease could not be renewed: {error}"))));
        }
        if self.keep_failures == 0 {
            let relay = &*self.driver.options.name;
            tracing::warn!(relay, %error, "how far the relay is can not be written, and it tries again");
        }
        self.keep_failures += 1;
        self.keep_after = now + FIRST_PAUSE * self.keep_failures.min(10);
        Ok(())
    }
}
