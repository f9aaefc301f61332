//! The thread that commits groups.
//!
//! A save that must be synced to the disk, or that finds the writer taken, is copied and queued. The thread takes what
//! has come, writes it in one transaction, and syncs once for all of it. Each caller gets an outcome of its own: a group
//! starts without savepoints, and one in which a statement failed is rolled back and redone one by one, so that a bad
//! save fails alone.
//!
//! # Laws
//!
//! 1. Each save that was taken is answered once: by its group, or alone.
//! 2. A group leaves nothing behind of a save that it refuses: if a refused one may have written, all are rolled back.
//! 3. What is redone was not stored. A commit of which nobody knows how it ended is not redone.
//! 4. A panic is survived: the transaction is rolled back, the outcome of whoever was in it is unknown, and the next
//!    request is taken.

mod job;
mod requests;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use timestamp_core::__private::Outcome;
use timestamp_core::Value;
use tokio::sync::Mutex;

use self::job::{Job, Ticket};
use self::requests::{Exclusive, Request, Requests};
use super::checkpoint::Checkpoints;
use super::failure;
use super::table::Table;
use super::write::{Refused, Values, apply, explain};
use super::writer::{CommitFailure, Writer};
use crate::error::SaveError;
use crate::save::{Change, Operation, Written};

/// The way to the thread.
pub(super) struct Queue {
    requests: Arc<Requests>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn start(
        writer: Arc<Mutex<Writer>>,
        checkpoints: Arc<Checkpoints>,
        busy_timeout: Duration,
    ) -> std::io::Result<Self> {
        let requests = Arc::new(Requests::default());
        let group = Group { writer, checkpoints, busy_timeout, requests: Arc::clone(&requests) };
        let thread = thread::Builder::new().name("timestamp-writer".to_owned()).spawn(move || group.run())?;
        Ok(Self { requests, thread: Some(thread) })
    }

    /// Queues a save. The entity must be in flight with `outcome` before.
    pub(super) fn save(
        &self,
        table: &Arc<Table>,
        change: &Arc<Change>,
        values: Vec<Value<'static>>,
        outcome: &Arc<Outcome>,
    ) -> Ticket {
        let (job, ticket) = Job::new(table, change, values, outcome);
        self.requests.push(Request::Save(job));
        ticket
    }

    /// Queues work that needs the writer for itself.
    pub(super) fn exclusive(&self, work: Exclusive) {
        self.requests.push(Request::Exclusive(work));
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.requests.close();
        if let Some(thread) = self.thread.take() {
            // The last owner of a store may be the thread's own work; it can not wait for itself.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

struct Group {
    writer: Arc<Mutex<Writer>>,
    checkpoints: Arc<Checkpoints>,
    busy_timeout: Duration,
    requests: Arc<Requests>,
}

impl Group {
    fn run(&self) {
        let mut expected = 1;
        let mut jobs = Vec::new();
        while self.requests.wait(expected) {
            // A unit of work may hold the writer for a while; what comes meanwhile joins the group.
            let writer = self.writer.blocking_lock();
            let exclusive = self.requests.take(&mut jobs);
            // Some may have given up.
            jobs.retain(Job::take);
            expected = jobs.len().max(1);
            if !jobs.is_empty() {
                let group = std::mem::take(&mut jobs);
                self.guard(&writer, || self.commit_group(&writer, group));
            }
            if let Some(work) = exclusive {
                self.guard(&writer, || work(&writer));
            }
        }
    }

    /// Runs work that may panic (in a user's SQL function, say) and leaves the connection fit for the next.
    fn guard(&self, writer: &Writer, work: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            writer.rollback();
            tracing::error!(message = panic_message(&*panic), "a save panicked");
        }
    }

    fn commit_group(&self, writer: &Writer, jobs: Vec<Job>) {
        self.checkpoints.note(jobs.iter().map(|job| job.change.pages()).sum());
        if jobs.len() > 1 {
            if let Err(jobs) = self.commit_together(writer, jobs) {
                for job in jobs {
                    self.commit_alone(writer, job);
                }
            }
        } else {
            for job in jobs {
                self.commit_alone(writer, job);
            }
        }
    }

    fn commit_alone(&self, writer: &Writer, job: Job) {
        let left = self.busy_timeout.saturating_sub(job.queued.elapsed());
        let answer = writer
            .begin_waiting(left)
            .and_then(|()| writer.finish_alone(&job.table, &job.change, &Values(&job.values)));
        job.answer(answer);
    }

    /// Writes all jobs in one transaction. Gives them back, with nothing written, if they must be redone one by one.
    fn commit_together(&self, writer: &Writer, jobs: Vec<Job>) -> Result<(), Vec<Job>> {
        // They wait together, as long as the first of them may; then each gets what is left of its own time.
        let first = jobs.iter().map(|job| job.queued).min().unwrap_or_else(Instant::now);
        if writer.begin_waiting(self.busy_timeout.saturating_sub(first.elapsed())).is_err() {
            return Err(jobs);
        }
        let recorded_at = writer.clock().now();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let (connection, values) = (writer.connection(), Values(&job.values));
            let answer = match apply(connection, &job.table, &job.change, &values, recorded_at) {
                Ok(digest) => Ok(Written::Now { digest }),
                // Where nothing was written, the neighbours need not be redone. The reason may be a neighbour's write,
                // which is part of this same transaction: if that is not stored, this is answered anew too.
                Err(Refused::NoRow) => {
                    let why = explain(connection, &job.table, &job.change, &values, Refused::NoRow);
                    if !wrote_nothing(&job.change, &why) {
                        writer.rollback();
                        return Err(jobs);
                    }
                    why.map(|version| Written::Before { version })
                }
                Err(Refused::Field(_) | Refused::Sql(_)) => {
                    writer.rollback();
                    return Err(jobs);
                }
            };
            answers.push(answer);
        }
        match writer.commit() {
            Ok(()) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    job.answer(answer);
                }
                Ok(())
            }
            Err(CommitFailure::NotStored(error)) => {
                tracing::debug!(%error, "a group was not committed; redoing it one by one");
                debug_assert!(!failure::may_be_stored(&error), "a commit that may be stored must not be redone");
                Err(jobs)
            }
            Err(CommitFailure::Unknown) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    // A refusal stands only if the neighbours it was measured against are stored.
                    job.answer(answer.and(Err(SaveError::OutcomeUnknown)));
                }
                Ok(())
            }
        }
    }
}

/// Whether a change that met no row has left nothing in the transaction, and the transaction is still there: no row fitted
/// its conditions. A trigger that says `RAISE(IGNORE)` may have written before, and whoever could not find out why has had
/// an error, after which the transaction may be gone.
fn wrote_nothing(change: &Change, why: &Result<u64, SaveError>) -> bool {
    !matches!(change.operation, Operation::Insert)
        && matches!(why, Ok(_) | Err(SaveError::Conflict | SaveError::TimestampsTampered))
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
