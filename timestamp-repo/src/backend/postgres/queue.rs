//! Who goes alone, and who goes together.
//!
//! Callers of one kind (the inserts of a table, its updates, its finds) share a queue. Who comes while hardly anybody is
//! on the way goes alone, at once, on its own task. Everybody else waits here while earlier groups are on their way, and
//! goes with the next one.
//!
//! A group travels in a *lane*, a task that carries one group after the other as long as there is somebody to carry. It
//! is a task of its own, since a caller may go away at any moment and must not take its neighbours with it. There is a
//! second lane for when the callers are many, so that one group is written while the other waits for the disk, and for
//! when the first is slow; and one more whenever those that are on the way stand still. A few callers are better off
//! together: each group is a wait for the disk, and the waits of two groups follow each other.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Groups on their way at a time, and callers that go alone before others begin to gather.
const LANES: usize = 2;

/// What a server writes in one statement without one member waiting much for the others.
const LARGEST_GROUP: usize = 128;

/// So many are worth a wait for the disk of their own: to write them takes about as long.
const WORTH_A_LANE: usize = 64;

/// The same in bytes; a group of long texts is smaller.
const HEAVIEST_GROUP: usize = 1 << 20;

/// After a group of n, a lane waits this long for n callers. They were woken a moment ago and may be on their way back;
/// without it, groups fall apart into small ones.
const GATHER: Duration = Duration::from_micros(200);

/// The lane waits no longer than this for the next one of them: callers that do something else in between do not come
/// back so soon, and it is in vain to wait for them.
const QUIET: Duration = Duration::from_micros(50);

/// After this long a caller in the queue sees to it that the second lane sets out, and looks again.
const IMPATIENT: Duration = Duration::from_millis(10);

/// Lanes that have not set out for this long wait for the disk, or for something that has nothing to do with those in the
/// queue. Then one more sets out with all who wait. If each went alone instead, a slow disk would have to answer each.
const STALLED: Duration = Duration::from_millis(100);

/// A caller in the queue.
pub(super) trait Member: Send + 'static {
    /// What no two members of a group have in common.
    fn key(&self) -> Option<&str>;

    /// About how many bytes it sends.
    fn weight(&self) -> usize;

    /// Tells the caller to go alone. It has left no trace.
    fn hand_back(self);
}

/// Carries groups.
pub(super) trait Carrier: Clone + Send + Sync + 'static {
    /// Whom it carries.
    type Member: Member;

    /// Carries a group and answers each member.
    fn carry(&self, group: Vec<Self::Member>) -> impl Future<Output = ()> + Send;
}

/// Callers of one kind, and what is on its way for them.
pub(super) struct Queue<M> {
    state: Mutex<State<M>>,
    /// How many wait; for a look without the lock.
    length: AtomicUsize,
}

struct State<M> {
    waiting: VecDeque<(Ticket, M)>,
    next: u64,
    /// How many are on their way alone.
    alone: usize,
    lanes: usize,
    /// Of the lanes, those that wait for callers.
    gathering: usize,
    /// When a lane last set out.
    set_out: Instant,
}

/// A place in the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Somebody who is on the way alone, until this is dropped.
pub(super) struct Alone<M: Member>(Arc<Queue<M>>);

impl<M: Member> Drop for Alone<M> {
    fn drop(&mut self) {
        self.0.lock().alone -= 1;
    }
}

impl<M: Member> Queue<M> {
    pub(super) fn new() -> Arc<Self> {
        let state =
            State { waiting: VecDeque::new(), next: 0, alone: 0, lanes: 0, gathering: 0, set_out: Instant::now() };
        Arc::new(Self { state: Mutex::new(state), length: AtomicUsize::new(0) })
    }

    /// Lets a caller go alone, if hardly anybody is on the way.
    pub(super) fn alone(self: &Arc<Self>) -> Option<Alone<M>> {
        let mut state = self.lock();
        let goes = state.lanes == 0 && state.alone < LANES;
        state.alone += usize::from(goes);
        goes.then(|| Alone(Arc::clone(self)))
    }

    /// Puts a caller into the queue, and sends a lane out if one is free.
    pub(super) fn push<C: Carrier<Member = M>>(self: &Arc<Self>, member: M, carrier: impl FnOnce() -> C) -> Ticket {
        let mut state = self.lock();
        let ticket = Ticket(state.next);
        state.next += 1;
        state.waiting.push_back((ticket, member));
        self.length.store(state.waiting.len(), Ordering::Relaxed);
        let second = state.lanes > 0;
        let worth_it = !second || state.waiting.len() >= WORTH_A_LANE || state.set_out.elapsed() >= IMPATIENT;
        let lane = (state.gathering == 0 && worth_it).then(|| state.lane(self)).flatten();
        drop(state);
        if let Some(lane) = lane {
            lane.set_out(carrier());
        }
        ticket
    }

    /// Takes a caller out of the queue that no lane has taken yet.
    fn withdraw(&self, ticket: Ticket) -> Option<M> {
        let mut state = self.lock();
        let place = state.waiting.iter().position(|(it, _)| *it == ticket)?;
        let (_, member) = state.waiting.remove(place)?;
        self.length.store(state.waiting.len(), Ordering::Relaxed);
        Some(member)
    }

    /// Waits for the answer to a caller in the queue; none, if whoever carried it is gone. If the lanes are held up,
    /// another one sets out.
    pub(super) async fn answer<C: Carrier<Member = M>, T>(
        self: &Arc<Self>,
        ticket: Ticket,
        mut answer: oneshot::Receiver<T>,
        carrier: impl Fn() -> C,
    ) -> Option<T> {
        let _place = Place { queue: self, ticket };
        loop {
            if let Ok(answer) = tokio::time::timeout(IMPATIENT, &mut answer).await {
                return answer.ok();
            }
            if let Some(lane) = self.relief() {
                lane.set_out(carrier());
            }
        }
    }

    /// A lane for those who wait, if one is free, or those on the way stand still.
    fn relief(self: &Arc<Self>) -> Option<Lane<M>> {
        let mut state = self.lock();
        if state.waiting.is_empty() || state.gathering > 0 {
            return None;
        }
        if state.set_out.elapsed() >= STALLED {
            // Others who wait do not send a further one before this one had its time.
            state.set_out = Instant::now();
            return Some(state.one_more_lane(self));
        }
        state.lane(self)
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Member> State<M> {
    fn lane(&mut self, queue: &Arc<Queue<M>>) -> Option<Lane<M>> {
        (self.lanes < LANES).then(|| self.one_more_lane(queue))
    }

    fn one_more_lane(&mut self, queue: &Arc<Queue<M>>) -> Lane<M> {
        self.lanes += 1;
        Lane { queue: Arc::clone(queue), done: false }
    }

    /// Takes the next group: in the order of arrival, but nobody beside another one of the same key.
    fn group(&mut self) -> Vec<M> {
        let (mut group, mut left) = (Vec::new(), VecDeque::new());
        let (mut keys, mut weight) = (HashSet::new(), 0);
        for (ticket, member) in self.waiting.drain(..) {
            let fits = group.is_empty() || (group.len() < LARGEST_GROUP && weight + member.weight() <= HEAVIEST_GROUP);
            let is_new = fits && member.key().is_none_or(|key| keys.insert(key.to_owned()));
            if is_new {
                weight += member.weight();
                group.push(member);
            } else {
                left.push_back((ticket, member));
            }
        }
        self.waiting = left;
        group
    }
}

/// A caller in the queue, which it leaves if it goes away. On its way it is not stopped.
struct Place<'q, M: Member> {
    queue: &'q Arc<Queue<M>>,
    ticket: Ticket,
}

impl<M: Member> Drop for Place<'_, M> {
    fn drop(&mut self) {
        drop(self.queue.withdraw(self.ticket));
    }
}

/// A task that carries groups.
struct Lane<M: Member> {
    queue: Arc<Queue<M>>,
    done: bool,
}

impl<M: Member> Lane<M> {
    fn set_out<C: Carrier<Member = M>>(self, carrier: C) {
        tokio::spawn(self.run(carrier));
    }

    async fn run<C: Carrier<Member = M>>(mut self, carrier: C) {
        // Whoever is about to come, on this thread or another, may come first.
        tokio::task::yield_now().await;
        while let Some((group, second)) = self.take() {
            if let Some(second) = second {
                second.set_out(carrier.clone());
            }
            let members = group.len();
            carrier.carry(group).await;
            if self.is_one_too_many() {
                return;
            }
            if members > 1 {
                self.gather(members).await;
            }
        }
    }

    /// Ends a lane where others stood still and go on by now.
    fn is_one_too_many(&mut self) -> bool {
        let mut state = self.queue.lock();
        self.done = state.lanes > LANES;
        state.lanes -= usize::from(self.done);
        self.done
    }

    /// Takes the next group, and a second lane for those who are left, if it is free.
    fn take(&mut self) -> Option<(Vec<M>, Option<Self>)> {
        let mut state = self.queue.lock();
        let group = state.group();
        self.queue.length.store(state.waiting.len(), Ordering::Relaxed);
        if group.is_empty() {
            // In the same breath, so that whoever comes next knows that nobody will come for it.
            state.lanes -= 1;
            self.done = true;
            return None;
        }
        state.set_out = Instant::now();
        let more = state.waiting.len() >= WORTH_A_LANE && state.gathering == 0;
        let second = more.then(|| state.lane(&self.queue)).flatten();
        Some((group, second))
    }

    /// Waits a moment for as many callers as the last group had. In turns with other tasks, since timers are too coarse.
    async fn gather(&self, expected: usize) {
        let gathering = Gathering::of(&self.queue);
        // Those who wait already did not belong to it.
        let expected = (expected + self.queue.length.load(Ordering::Relaxed)).min(LARGEST_GROUP);
        let begun = Instant::now();
        let (mut seen, mut last) = (0, begun);
        loop {
            let waiting = self.queue.length.load(Ordering::Relaxed);
            let now = Instant::now();
            if waiting != seen {
                (seen, last) = (waiting, now);
            }
            if waiting >= expected || now - begun >= GATHER || now - last >= QUIET {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(gathering);
    }
}

/// The lane was dropped with its runtime, or a member made it panic: nobody is left behind.
impl<M: Member> Drop for Lane<M> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut state = self.queue.lock();
        state.lanes -= 1;
        let left = if state.lanes == 0 { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        self.queue.length.store(state.waiting.len(), Ordering::Relaxed);
        drop(state);
        for (_, member) in left {
            member.hand_back();
        }
    }
}

struct Gathering<'q, M: Member>(&'q Queue<M>);

impl<'q, M: Member> Gathering<'q, M> {
    fn of(queue: &'q Queue<M>) -> Self {
        queue.lock().gathering += 1;
        Self(queue)
    }
}

impl<M: Member> Drop for Gathering<'_, M> {
    fn drop(&mut self) {
        self.0.lock().gathering -= 1;
    }
}
