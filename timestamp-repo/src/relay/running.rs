//! `RunningRelay`: a relay that was started.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::RelayError;
use super::status::RelayStatus;
use crate::error::BackendError;

/// A relay that was started; it ends when this is dropped, without waiting for answers of the sink: what is on its way is
/// delivered again by the next one. [`stop`](Self::stop) waits for them.
#[derive(Debug)]
#[must_use = "the relay ends when this is dropped"]
pub struct RunningRelay {
    task: JoinHandle<Result<(), RelayError>>,
    asking: watch::Sender<bool>,
    status: watch::Receiver<RelayStatus>,
}

impl RunningRelay {
    pub(super) fn new(
        task: JoinHandle<Result<(), RelayError>>,
        asking: watch::Sender<bool>,
        status: watch::Receiver<RelayStatus>,
    ) -> Self {
        Self { task, asking, status }
    }

    /// Returns how the relay is doing.
    #[must_use]
    pub fn status(&self) -> RelayStatus {
        self.status.borrow().clone()
    }

    /// Waits until the relay's status fulfils a condition. Returns it; none, if the relay has ended before.
    pub async fn wait_for(&self, condition: impl FnMut(&RelayStatus) -> bool) -> Option<RelayStatus> {
        self.status.clone().wait_for(condition).await.ok().map(|status| status.clone())
    }

    /// Stops the relay: hands over nothing more, waits for the answers of the sink, writes down how far it is and gives
    /// the lease back, so that another relay need not wait for it.
    ///
    /// # Errors
    ///
    /// [`RelayError::ReadOnly`], or [`RelayError::Backend`] if the relay panicked.
    pub async fn stop(self) -> Result<(), RelayError> {
        // It may have ended by itself.
        let _ = self.asking.send(true);
        let ended = self.task.await;
        ended.unwrap_or_else(|error| Err(RelayError::Backend(BackendError::because("the relay panicked", error))))
    }
}
