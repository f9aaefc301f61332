//! One save on its way to the thread, as the thread has it and as its caller has it.
//!
//! # Laws
//!
//! 1. A save that its caller has cancelled never begins, and one that has begun is not cancelled: whoever is first decides.
//! 2. The outcome that the entity looks at is decided before its caller is answered, whether or not one waits, and also
//!    where the thread panics.
//! 3. Nobody is told that a save is not stored unless that is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::Value;
use tokio::sync::oneshot;

use crate::backend::sqlite::table::Table;
use crate::error::{BackendError, SaveError};
use crate::save::{Change, Written};

type Reply = oneshot::Sender<Result<Written, SaveError>>;

/// A save on its way to the thread.
pub(super) struct Job {
    pub(super) table: Arc<Table>,
    pub(super) change: Arc<Change>,
    pub(super) values: Vec<Value<'static>>,
    outcome: Arc<Outcome>,
    /// From here on its caller waits, at most for the busy timeout.
    pub(super) queued: Instant,
    ticket: Arc<AtomicU8>,
    reply: Option<Reply>,
}

const QUEUED: u8 = 0;
const TAKEN: u8 = 1;
const CANCELLED: u8 = 2;

/// A caller's side of a job: cancels it, if it has not begun, when the caller goes away.
pub(in crate::backend::sqlite) struct Ticket {
    state: Arc<AtomicU8>,
    outcome: Arc<Outcome>,
    reply: oneshot::Receiver<Result<Written, SaveError>>,
}

impl Ticket {
    /// Returns how the save ended; nothing, if it had not begun when the time was up, and then it never will.
    pub(in crate::backend::sqlite) async fn wait(mut self, timeout: Duration) -> Option<Result<Written, SaveError>> {
        let answer = match tokio::time::timeout(timeout, &mut self.reply).await {
            Ok(answer) => answer,
            Err(_) if self.cancel() => return None,
            // It has begun: the answer comes when the disk is done.
            Err(_) => (&mut self.reply).await,
        };
        Some(answer.unwrap_or_else(|_| {
            // The thread died. What it had not begun is not stored.
            if self.cancel() {
                Err(SaveError::Backend(BackendError::new("the thread that writes is gone; open the store again")))
            } else {
                Err(SaveError::OutcomeUnknown)
            }
        }))
    }

    fn cancel(&self) -> bool {
        let cancelled = self.state.compare_exchange(QUEUED, CANCELLED, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if cancelled {
            self.outcome.decide(OutcomeState::RolledBack);
        }
        cancelled
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Job {
    /// The job for the thread, and the caller's side of it.
    pub(super) fn new(
        table: &Arc<Table>,
        change: &Arc<Change>,
        values: Vec<Value<'static>>,
        outcome: &Arc<Outcome>,
    ) -> (Self, Ticket) {
        let (reply, receiver) = oneshot::channel();
        let state = Arc::new(AtomicU8::new(QUEUED));
        let job = Self {
            table: Arc::clone(table),
            change: Arc::clone(change),
            values,
            outcome: Arc::clone(outcome),
            queued: Instant::now(),
            ticket: Arc::clone(&state),
            reply: Some(reply),
        };
        (job, Ticket { state, outcome: Arc::clone(outcome), reply: receiver })
    }

    /// From here on the save happens, whether or not its caller still waits.
    pub(super) fn take(&self) -> bool {
        self.ticket.compare_exchange(QUEUED, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether its caller has given up, so that it will never begin.
    pub(super) fn is_cancelled(&self) -> bool {
        self.ticket.load(Ordering::Acquire) == CANCELLED
    }

    pub(super) fn answer(mut self, answer: Result<Written, SaveError>) {
        self.outcome.decide(match &answer {
            Ok(Written::Now { .. }) => OutcomeState::Committed,
            Err(SaveError::OutcomeUnknown) => OutcomeState::Unknown,
            Ok(Written::Before { .. }) | Err(_) => OutcomeState::RolledBack,
        });
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(answer);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // A job that is dropped without an answer was in the hands of a thread that panicked.
        if self.reply.is_some() {
            let taken = self.ticket.load(Ordering::Acquire) == TAKEN;
            self.outcome.decide(if taken { OutcomeState::Unknown } else { OutcomeState::RolledBack });
        }
    }
}
