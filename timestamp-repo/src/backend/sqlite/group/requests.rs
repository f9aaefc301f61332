//! What has come for the thread and was not taken yet.
//!
//! # Laws
//!
//! 1. Requests are taken in the order in which they came; work that needs the writer for itself comes after the saves before
//!    it, and before those after it.
//! 2. Whoever waits for a request is woken by the first one. Whoever waits for a group is woken when it is complete, or
//!    cannot become so, and at the latest after [`GATHER`].
//! 3. What came before the store was closed is still taken.
//! 4. While nothing is taken, saves whose callers have given up are no more than the others, or fewer than [`SWEEP`].

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job::Job;
use crate::backend::sqlite::writer::Writer;

/// After a group of n, the thread waits this long for n callers. They were woken a moment ago and may be on their way
/// back; on a runtime of one thread they come one by one, and without the pause every group would be of one.
const GATHER: Duration = Duration::from_micros(200);

/// A group's share of the log, and of the time that its first member waits for its last.
const LARGEST_GROUP: usize = 512;

/// How many requests may wait before those are looked for whose callers have given up: a unit of work that does not end would
/// have them all pile up.
const SWEEP: usize = 1_024;

/// Work that needs the writer for itself, and answers by itself.
pub(in crate::backend::sqlite) type Exclusive = Box<dyn FnOnce(&Writer) + Send>;

pub(super) enum Request {
    Save(Job),
    Exclusive(Exclusive),
}

/// What has come and was not taken yet.
///
/// Not a channel: while the thread waits for a group to come together it is woken once, when the group is complete, and
/// not for each member.
#[derive(Default)]
pub(super) struct Requests {
    state: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    /// Work that needs the writer for itself, among the requests; a group does not wait beside it.
    exclusive: usize,
    /// How many must be there for the thread to be woken.
    wake_at: usize,
    /// How many must be there for those to be looked for whose callers have given up.
    sweep_at: usize,
    closed: bool,
}

impl Waiting {
    fn is_complete(&self, expected: usize) -> bool {
        self.requests.len() >= expected || self.exclusive > 0 || self.closed
    }

    /// Throws away the saves whose callers have given up. Not again before as many have come as are left, so that each
    /// save pays for one look at it.
    fn sweep(&mut self) {
        self.requests.retain(|request| !matches!(request, Request::Save(job) if job.is_cancelled()));
        self.sweep_at = 2 * self.requests.len();
    }
}

impl Requests {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, request: Request) {
        let mut waiting = self.lock();
        if waiting.requests.len() >= waiting.sweep_at.max(SWEEP) {
            waiting.sweep();
        }
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

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Waits for a request, and then a moment for `expected` of them. `false` if the store is closed and none is left.
    pub(super) fn wait(&self, expected: usize) -> bool {
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
    pub(super) fn take(&self, jobs: &mut Vec<Job>) -> Option<Exclusive> {
        let mut waiting = self.lock();
        while jobs.len() < LARGEST_GROUP {
            match waiting.requests.pop_front() {
                Some(Request::Save(job)) => jobs.push(job),
                Some(Request::Exclusive(work)) => {
                    waiting.exclusive -= 1;
                    return Some(work);
                }
                None => {
                    waiting.sweep_at = 0;
                    break;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use timestamp_core::__private::Outcome;
    use timestamp_core::{Clock, Timestamped, Timestamps};

    use super::*;
    use crate::backend::sqlite::group::job::Ticket;
    use crate::backend::sqlite::table::Table;
    use crate::save::{Change, Operation};

    #[derive(Timestamped)]
    #[timestamped(table = "tasks")]
    struct Task {
        #[timestamped(id)]
        id: i64,
        timestamps: Timestamps,
    }

    fn change() -> Change {
        let now = Clock::system().now();
        Change {
            operation: Operation::Insert,
            entity_type: "Task",
            entity_id: "1".to_owned(),
            created_at: now,
            updated_at: now,
            version: 1,
            stored_version: 0,
            stored_updated_at: now,
            events: Vec::new(),
            attempted: false,
            context: None,
        }
    }

    /// Saves, and the callers that wait for them.
    fn pushed(requests: &Requests, count: usize) -> Vec<Ticket> {
        let (table, change) = (Table::new::<Task>(vec![false]).into(), change().into());
        let push = |_| {
            let (job, ticket) = Job::new(&table, &change, Vec::new(), &Outcome::in_flight());
            requests.push(Request::Save(job));
            ticket
        };
        (0..count).map(push).collect()
    }

    #[test]
    fn saves_whose_callers_gave_up_do_not_pile_up_while_nobody_takes_them() {
        let requests = Requests::default();
        let waiting = pushed(&requests, 10);
        requests.push(Request::Exclusive(Box::new(|_| {})));
        for _ in 0..10 * SWEEP {
            drop(pushed(&requests, 1));
        }
        assert!(requests.lock().requests.len() <= SWEEP, "{}", requests.lock().requests.len());
        let mut jobs = Vec::new();
        assert!(requests.take(&mut jobs).is_some(), "work that needs the writer for itself was thrown away");
        assert_eq!(jobs.len(), waiting.len());
    }
}
