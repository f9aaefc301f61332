//! The lease: of several relays of one name, one leads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use super::error::RelayError;
use super::leading::{Ended, Leading, PRUNE};
use super::options::RelayOptions;
use super::retention;
use super::sink::Sink;
use super::status::RelayStatus;
use super::storage::{Held, Relaying, Taken};
use crate::testing::point;

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Who gives no sign of life for as many leases is dead, whatever the clocks say: the one by which a lease was written
/// may have been ahead by hours, or may have been set back since. Far more than one, since relays of one name may have been
/// given different leases.
const SILENCE: u32 = 10;

/// Another relay of the same name, as it was found.
struct Other {
    held: Held,
    /// Since when it has given no sign of life.
    since: tokio::time::Instant,
}

/// When to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Stopped,
    /// Everything that can be read is delivered or parked.
    UpToDate,
}

/// A relay at work.
pub(super) struct Driver<S, K> {
    pub(super) store: S,
    pub(super) sink: Arc<K>,
    pub(super) options: RelayOptions,
    pub(super) status: watch::Sender<RelayStatus>,
    pub(super) stop: Stop,
}

impl<S: Relaying, K: Sink> Driver<S, K> {
    pub(super) async fn run(self, until: Until) -> Result<(), RelayError> {
        let holder = Uuid::new_v4();
        let (mut failures, mut other) = (0, None);
        loop {
            let pause = match self.once(holder, until, &mut other).await {
                Ok(Ended::Done) => return self.retain(until).await,
                Ok(Ended::LeaseLost) => {
                    tracing::warn!(relay = self.options.name, "the lease was lost to another relay of the same name");
                    Duration::ZERO
                }
                Err(error) if until == Until::UpToDate => return Err(error),
                Err(error @ RelayError::ReadOnly) => return Err(error),
                Err(RelayError::LedElsewhere { .. }) => {
                    failures = 0;
                    self.options.lease / 3
                }
                Err(error) => {
                    if failures == 0 {
                        let relay = &*self.options.name;
                        tracing::warn!(relay, %error, "the store does not answer the relay, which tries again");
                    }
                    failures += 1;
                    pause(failures)
                }
            };
            self.status.send_modify(|status| *status = RelayStatus::default());
            if self.stop.within(pause).await {
                return Ok(());
            }
        }
    }

    /// Deletes old events, where somebody waits for all that a relay does. What has just been delivered is among them.
    async fn retain(&self, until: Until) -> Result<(), RelayError> {
        let Some(retention) = self.options.retention.filter(|_| until == Until::UpToDate) else { return Ok(()) };
        retention::prune(&self.store, retention, PRUNE).await.map(drop)
    }

    /// `other` is who leads elsewhere, as far as is known.
    async fn once(&self, holder: Uuid, until: Until, other: &mut Option<Other>) -> Result<Ended, RelayError> {
        let RelayOptions { name, lease, .. } = &self.options;
        let begun = tokio::time::Instant::now();
        point("lease/before");
        let silent = other.as_ref().filter(|other| other.since.elapsed() >= *lease * SILENCE).map(|other| &other.held);
        let taken = self.store.take_lease(name, holder, *lease, silent).await?;
        point("lease/after");
        match taken {
            Taken::Lease(lease) => {
                *other = None;
                let token = lease.token;
                let ended = async { Leading::begin(self, lease, begun, until).await?.run().await }.await;
                // Whoever calls again need not wait for the end of a lease that nobody uses.
                if until == Until::UpToDate && ended.is_err() {
                    let _ = self.store.end_lease(name, token).await;
                }
                ended
            }
            Taken::Elsewhere(held) => {
                if other.as_ref().is_none_or(|other| other.held != held) {
                    *other = Some(Other { held, since: begun });
                }
                Err(RelayError::LedElsewhere { relay: name.clone() })
            }
        }
    }
}

/// Twice as long after each failure.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE)
}

/// Whether a relay is to come to its end.
#[derive(Clone, Debug)]
pub(super) struct Stop(pub(super) watch::Receiver<bool>);

impl Stop {
    pub(super) fn is_asked(&self) -> bool {
        // Whoever could ask is gone: nobody wants the relay any more.
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Whether nobody waits for the end.
    pub(super) fn is_abandoned(&self) -> bool {
        self.0.has_changed().is_err()
    }

    pub(super) async fn asked(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Sleeps, and returns whether the relay is to stop.
    async fn within(&self, pause: Duration) -> bool {
        let mut stop = self.clone();
        tokio::time::timeout(pause, stop.asked()).await.is_ok()
    }
}
