//! Work that needs the writer for itself: bulk touches and new tables. It runs on the thread that writes.

use tokio::sync::oneshot;

use super::failure::InFile as _;
use super::store::Sqlite;
use super::writer::Writer;
use crate::error::SaveError;

impl Sqlite {
    /// Runs work that needs the writer for itself on the thread that writes. The work begins and ends its own
    /// transaction.
    pub(super) async fn exclusive<T, F>(&self, work: F) -> Result<T, SaveError>
    where
        T: Send + 'static,
        F: FnOnce(&Writer) -> Result<T, SaveError> + Send + 'static,
    {
        self.queue_exclusive(work)?.wait(self).await.map_err(|error| error.in_file(&self.inner.path))
    }

    pub(super) fn queue_exclusive<T, F>(&self, work: F) -> Result<Queued<T>, SaveError>
    where
        T: Send + 'static,
        F: FnOnce(&Writer) -> Result<T, SaveError> + Send + 'static,
    {
        let write = self.write_side()?;
        self.holder().same_task().map_err(SaveError::Busy)?;
        let (begin, begun) = oneshot::channel::<()>();
        let (reply, answer) = oneshot::channel();
        write.queue.exclusive(Box::new(move |writer| {
            if begin.send(()).is_ok() {
                let _ = reply.send(work(writer));
            }
        }));
        Ok(Queued { begun, answer })
    }
}

/// Work on its way to the thread that writes. It begins only if its caller still waits, and the caller gives up only
/// while it has not begun.
pub(super) struct Queued<T> {
    begun: oneshot::Receiver<()>,
    answer: oneshot::Receiver<Result<T, SaveError>>,
}

impl<T> Queued<T> {
    pub(super) async fn wait(mut self, store: &Sqlite) -> Result<T, SaveError> {
        if tokio::time::timeout(store.busy_timeout(), &mut self.begun).await.is_err() {
            self.begun.close();
            if self.begun.try_recv().is_err() {
                return Err(SaveError::Busy(store.holder().busy()));
            }
        }
        self.answer.await.unwrap_or(Err(SaveError::OutcomeUnknown))
    }
}
