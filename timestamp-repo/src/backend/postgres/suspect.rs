//! Sessions whose last answer was lost: the server may still be at work for them.
//!
//! Who wants to know what became of a save must not look while its statement is on its way. So the process that served
//! the session is told to end, and only when it has left is the outbox read.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::session::Session;
use crate::error::{BackendError, FindError};

/// A process of the server. Numbers are used again, so the time of its start belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    /// Microseconds since 1970, by the server's clock.
    pub(super) started: i64,
}

/// How long a process may take to leave once it was told to.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Suspects(Mutex<Vec<Process>>);

impl Suspects {
    pub(super) fn add(&self, process: Process) {
        let mut suspects = self.lock();
        if !suspects.contains(&process) {
            suspects.push(process);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Process>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every process in doubt and waits until it has left.
    pub(super) async fn end(&self, session: &Session) -> Result<(), FindError> {
        let suspects = self.lock().clone();
        for suspect in suspects {
            end(session, suspect).await?;
            self.lock().retain(|known| *known != suspect);
        }
        Ok(())
    }
}

async fn end(session: &Session, Process { pid, started }: Process) -> Result<(), FindError> {
    let backend = |failure: Failure| FindError::Backend(failure.into_backend());
    let alive = format!(
        "FROM pg_stat_activity WHERE pid = {pid} AND (extract(epoch FROM backend_start) * 1000000)::bigint = {started}"
    );
    session.ask(&format!("SELECT pg_terminate_backend(pid) {alive}")).await.map_err(backend)?;
    let until = Instant::now() + PATIENCE;
    while session.ask(&format!("SELECT 1 {alive}")).await.map_err(backend)?.is_some() {
        if Instant::now() >= until {
            return Err(FindError::Backend(BackendError::new(
                "the server is still at work for the connection whose answer was lost: ask again later",
            )));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
