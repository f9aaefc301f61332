//! The thread that commits groups.
//!
//! A save that must be synced to the disk, or that finds the writer taken, is copied and queued. The thread takes what
//! has come, writes it in one transaction, and syncs once for all of it. Each caller gets an outcome of its own: a group
//! starts without savepoints, and one in which a statement failed is rolled back and redone one by one, so that a bad
//! save fails alone.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::Value;
use tokio::sync::{Mutex, oneshot};

use super::checkpoint::Checkpoints;
use super::failure;
use super::table::Table;
use super::write::{Refused, Values, apply, explain};
use super::writer::{CommitFailure, Writer};
use crate::error::{BackendError, SaveError};
use crate::save::{Change, Operation, Written};

/// After a group of n, the thread waits this long for n callers. They were woken a moment ago and may be on their way
/// back; on a runtime of one thread they come one by one, and without the pause every group would be of one.
const GATHER: Duration = Duration::from_micros(200);

/// A group's share of the log, and of the time that its first member waits for its last.
const LARGEST_GROUP: usize = 512;

type Reply = oneshot::Sender<Result<Written, SaveError>>;

/// A save on its way to the thread.
pub(super) struct Job {
    pub(super) table: Arc<Table>,
    pub(super) change: Arc<Change>,
    pub(super) values: Vec<Value<'static>>,
    pub(super) outcome: Arc<Outcome>,
    /// From here on its caller waits, at most for the busy timeout.
    queued: Instant,
    ticket: Arc<AtomicU8>,
    reply: Option<Reply>,
}

/// Work that needs the writer for itself, and answers by itself.
pub(super) type Exclusive = Box<dyn FnOnce(&Writer) + Send>;

enum Request {
    Save(Job),
    Exclusive(Exclusive),
}

const QUEUED: u8 = 0;
const TAKEN: u8 = 1;
const CANCELLED: u8 = 2;

/// The way to the thread.
pub(super) struct Queue {
    requests: Arc<Requests>,
    thread: Option<JoinHandle<()>>,
}

/// What has come and was not taken yet.
///
/// Not a channel: while the thread waits for a group to come together it is woken once, when the group is complete, and
/// not for each member.
#[derive(Default)]
struct Requests {
    state: std::sync::Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    /// Work that needs the writer for itself, among the requests; a group does not wait beside it.
    exclusive: usize,
    /// How many must be there for the thread to be woken.
    wake_at: usize,
    closed: bool,
}

impl Waiting {
    fn is_complete(&self, expected: usize) -> bool {
        self.requests.len() >= expected || self.exclusive > 0 || self.closed
    }
}

impl Requests {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, request: Request) {
        let mut waiting = self.lock();
        waiting.exclusive += usize::from(matches!(request, Request::Exclusive(_)));
        waiting.requests.push_back(request);
        let wake = waiting.is_complete(waiting.wake_at);
        if wake {
            // Awake, or about to be; those who come next need not wake it again.
            waiting.wake_at = usize::MAX;
        }
        drop(waiting);
        if wake {
            self.arrived.notify_one();
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Waits for a request, and then a moment for `expected` of them. `false` if the store is closed and none is left.
    fn wait(&self, expected: usize) -> bool {
        let mut waiting = self.lock();
        while waiting.requests.is_empty() {
            if waiting.closed {
                return false;
            }
            waiting.wake_at = 1;
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if !waiting.is_complete(expected) {
            let until = Instant::now() + GATHER;
            waiting.wake_at = expected;
            loop {
                let left = until.saturating_duration_since(Instant::now());
                let woken = self.arrived.wait_timeout(waiting, left);
                let (guard, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
                waiting = guard;
                if waiting.is_complete(expected) || timeout.timed_out() {
                    break;
                }
            }
            waiting.wake_at = usize::MAX;
        }
        true
    }

    /// Takes what has come, in its order, up to the first work that needs the writer for itself.
    fn take(&self, jobs: &mut Vec<Job>) -> Option<Exclusive> {
        let mut waiting = self.lock();
        while jobs.len() < LARGEST_GROUP {
            match waiting.requests.pop_front() {
                Some(Request::Save(job)) => jobs.push(job),
                Some(Request::Exclusive(work)) => {
                    waiting.exclusive -= 1;
                    return Some(work);
                }
                None => break,
            }
        }
        None
    }
}

/// A caller's side of a job: cancels it, if it has not begun, when the caller goes away.
pub(super) struct Ticket {
    state: Arc<AtomicU8>,
    outcome: Arc<Outcome>,
    reply: oneshot::Receiver<Result<Written, SaveError>>,
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
        let (reply, receiver) = oneshot::channel();
        let state = Arc::new(AtomicU8::new(QUEUED));
        let job = Job {
            table: Arc::clone(table),
            change: Arc::clone(change),
            values,
            outcome: Arc::clone(outcome),
            queued: Instant::now(),
            ticket: Arc::clone(&state),
            reply: Some(reply),
        };
        self.requests.push(Request::Save(job));
        Ticket { state, outcome: Arc::clone(outcome), reply: receiver }
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

impl Ticket {
    /// Returns how the save ended; nothing, if it had not begun when the time was up, and then it never will.
    pub(super) async fn wait(mut self, timeout: Duration) -> Option<Result<Written, SaveError>> {
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
    /// From here on the save happens, whether or not its caller still waits.
    fn take(&self) -> bool {
        self.ticket.compare_exchange(QUEUED, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn answer(mut self, answer: Result<Written, SaveError>) {
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
