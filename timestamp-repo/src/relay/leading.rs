//! The leader's work: read, hand over, and keep what was found out, all at the same time.

mod handing_over;
mod keeping;
mod looking;
mod reading;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream as _};
use tokio::time::Instant;

use super::delivery::Landing;
use super::error::RelayError;
use super::flow::{Flow, Limits, Ticket};
use super::lead::{Driver, FIRST_PAUSE, LONGEST_PAUSE, Until};
use super::retention;
use super::sink::Sink;
use super::storage::{EntityKey, Fetched, HeldTransactions, Lease, Page, ParkedEntity, Progress, Relaying};

/// Events that are read and not done, at most, and bytes of their payloads beyond which no more are read.
const READ_AHEAD: usize = 4_096;
const READ_AHEAD_BYTES: usize = 16 << 20;

/// How often the leader looks for released events, and for transactions that hold events back.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often old events are deleted, and how many at a time.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
pub(super) const PRUNE: u32 = 1_000;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the leader has waited for.
enum Woken {
    /// Deliveries; they stand in [`Leading::landings`].
    Landed,
    Read(Result<Page, RelayError>),
    Kept(Result<bool, RelayError>),
    Looked(Result<Looked, RelayError>),
    Pruned(Result<u64, RelayError>),
    Signalled,
    TimeIsUp,
    StopAsked,
}

/// What a look at the store has found.
struct Looked {
    asked: Vec<EntityKey>,
    parked: Vec<ParkedEntity>,
    released: Vec<Fetched>,
    /// Of all entities, that is.
    is_of_all: bool,
    held: HeldTransactions,
}

/// What the sink does instead of answering, since it last answered for an event.
struct Trouble {
    since: Instant,
    event: String,
    said: String,
}

/// How leading ended.
pub(super) enum Ended {
    Done,
    LeaseLost,
}

/// One time as the leader.
pub(super) struct Leading<'d, S, K> {
    driver: &'d Driver<S, K>,
    until: Until,
    token: i64,
    flow: Flow,
    deliveries: FuturesUnordered<Work<(Ticket, Landing)>>,
    landings: Vec<(Ticket, Landing)>,

    reading: Option<Work<Result<Page, RelayError>>>,
    read_at: Instant,
    /// There was nothing more to read, and nothing was stored since.
    at_end: bool,
    /// There was nothing more to read when the last page was read.
    had_read_all: bool,
    /// How many events the next page may have: fewer, where those of the last one were large.
    page: u32,

    keeping: Option<Work<Result<bool, RelayError>>>,
    /// What is being kept, in case that it fails, and since when.
    in_keeping: Progress,
    keeping_since: Instant,
    /// When the last write that succeeded began; the lease runs from there.
    kept_at: Instant,
    /// Not before this, after a failure.
    keep_after: Instant,
    keep_failures: u32,
    /// What is being kept is the last, and the lease ends with it.
    is_last: bool,

    looking: Option<Work<Result<Looked, RelayError>>>,
    looked_at: Option<Instant>,
    /// The last look has found released events.
    found_released: bool,
    /// There may be some that it has not found: it was to find only so many, or not those of every entity.
    may_have_released: bool,
    held: HeldTransactions,

    pruning: Option<Work<Result<u64, RelayError>>>,
    pruned_at: Option<Instant>,

    /// What the sink said when it went away.
    away: Option<String>,
    trouble: Option<Trouble>,
    stuck: bool,
}

impl<'d, S: Relaying, K: Sink> Leading<'d, S, K> {
    /// `begun` is when the lease was asked for.
    pub(super) async fn begin(
        driver: &'d Driver<S, K>,
        lease: Lease,
        begun: Instant,
        until: Until,
    ) -> Result<Self, RelayError> {
        let options = &driver.options;
        let limits = Limits {
            window: options.window,
            read_ahead: READ_AHEAD.max(2 * options.window),
            read_ahead_bytes: READ_AHEAD_BYTES,
            attempts: options.attempts,
            first_pause: FIRST_PAUSE,
            longest_pause: LONGEST_PAUSE,
        };
        let parked = driver.store.parked_entities(&options.name).await?;
        let refusals = driver.store.refusals(&options.name).await?;
        Ok(Self {
            driver,
            until,
            token: lease.token,
            flow: Flow::new(limits, lease.place, parked, refusals),
            deliveries: FuturesUnordered::new(),
            landings: Vec::new(),
            reading: None,
            read_at: begun,
            at_end: false,
            had_read_all: false,
            page: reading::PAGE,
            keeping: None,
            in_keeping: Progress::default(),
            keeping_since: begun,
            kept_at: begun,
            keep_after: begun,
            keep_failures: 0,
            is_last: false,
            looking: None,
            looked_at: None,
            found_released: false,
            may_have_released: false,
            held: HeldTransactions::default(),
            pruning: None,
            pruned_at: None,
            away: None,
            trouble: None,
            stuck: false,
        })
    }

    pub(super) async fn run(mut self) -> Result<Ended, RelayError> {
        let (mut signal, mut stop) = (self.driver.store.signal(), self.driver.stop.clone());
        let mut timer = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            let given_up = self.given_up(Instant::now());
            let stopping = stop.is_asked() || given_up.is_some();
            if !stopping {
                // The next page is read while this one is handed over.
                self.read_on().await;
                self.hand_over().await;
            }
            // Nobody waits for the answers of the sink if nobody waits for the relay.
            let answered = self.flow.in_flight() == 0 || stop.is_abandoned();
            let ending = (stopping && answered) || self.is_up_to_date();
            if ending && self.keeping.is_none() && (self.is_last || !self.flow.has_progress()) {
                if !self.is_last {
                    self.driver.store.end_lease(&self.driver.options.name, self.token).await?;
                }
                return given_up.map_or(Ok(Ended::Done), Err);
            }
            let now = Instant::now();
            self.begin_work(now, stopping, ending);
            self.report();
            timer.as_mut().reset(self.due(now, stopping));
            let woken = {
                let mut signalled = std::pin::pin!(signal.changed());
                let mut asked = std::pin::pin!(stop.asked());
                poll_fn(|context| {
                    if let Poll::Ready(woken) = self.poll(context) {
                        return Poll::Ready(woken);
                    }
                    // A store that is gone signals no more, and the poll goes on.
                    if let Poll::Ready(Ok(())) = signalled.as_mut().poll(context) {
                        return Poll::Ready(Woken::Signalled);
                    }
                    if !stopping && asked.as_mut().poll(context).is_ready() {
                        return Poll::Ready(Woken::StopAsked);
                    }
                    timer.as_mut().poll(context).map(|()| Woken::TimeIsUp)
                })
                .await
            };
            if let Some(ended) = self.woken(woken)? {
                return Ok(ended);
            }
        }
    }

    /// Why what is left will not be delivered, where somebody waits for it.
    fn given_up(&self, now: Instant) -> Option<RelayError> {
        if self.until == Until::Stopped {
            return None;
        }
        if let Some(message) = &self.away {
            return Some(RelayError::SinkUnavailable { message: message.clone() });
        }
        let Trouble { since, event, said } = self.trouble.as_ref()?;
        let waited = now - *since;
        let (event, trouble) = (event.clone(), said.clone());
        (waited >= self.driver.options.stuck_after).then_some(RelayError::Stuck { event, trouble, waited })
    }

    fn is_up_to_date(&self) -> bool {
        self.until == Until::UpToDate
            && self.at_end
            && self.reading.is_none()
            && self.looked_at.is_some()
            && self.looking.is_none()
            && self.flow.is_empty()
            && !self.may_have_released
    }

    fn begin_work(&mut self, now: Instant, stopping: bool, ending: bool) {
        if !stopping && self.may_look() && now >= self.look_due(now) {
            self.begin_looking(now);
        }
        if self.keeping.is_none() && (ending || now >= self.keep_due(now)) && now >= self.keep_after {
            if self.flow.has_parkings() {
                // It is late, or this would not be due: what is found is out of date.
                self.looking = None;
            }
            self.begin_keeping(now, ending);
        }
        if stopping {
            return;
        }
        // Where an end is wanted, this comes last.
        if let Some(retention) = self.driver.options.retention.filter(|_| self.until == Until::Stopped)
            && self.pruning.is_none()
            && self.pruned_at.is_none_or(|at| now >= at + PRUNE_EVERY)
        {
            self.pruned_at = Some(now);
            let store = self.driver.store.clone();
            self.pruning = Some(Box::pin(async move { retention::prune(&store, retention, PRUNE).await }));
        }
    }

    /// When there may be something to do that nothing else wakes for.
    fn due(&self, now: Instant, stopping: bool) -> Instant {
        let mut due = now + LOOK_EVERY;
        let mut at_latest = |at: Instant| due = due.min(at);
        if self.keeping.is_none() {
            at_latest(self.keep_due(now).max(self.keep_after));
        }
        // Nothing new is begun then, so a time that has come would be due for ever.
        if stopping {
            return due;
        }
        if self.at_end && self.reading.is_none() && self.until == Until::Stopped {
            at_latest(self.read_at + self.driver.options.poll_every);
        }
        if !self.at_end && self.reading.is_none() && self.had_read_all && self.flow.wants_more() {
            at_latest(self.may_read_at());
        }
        if self.may_look() {
            at_latest(self.look_due(now));
        }
        if let Some(trouble) = self.trouble.as_ref().filter(|_| self.until == Until::UpToDate) {
            at_latest(trouble.since + self.driver.options.stuck_after);
        }
        if let Some(at) = self.flow.due().filter(|_| now < self.kept_at + self.driver.options.lease) {
            at_latest(at);
        }
        due
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Woken> {
        // As many as are there: what follows each time is not for free.
        while self.landings.len() < self.driver.options.window
            && let Poll::Ready(Some(landing)) = Pin::new(&mut self.deliveries).poll_next(context)
        {
            self.landings.push(landing);
        }
        if !self.landings.is_empty() {
            return Poll::Ready(Woken::Landed);
        }
        if let Some(page) = ready(&mut self.reading, context) {
            return Poll::Ready(Woken::Read(page));
        }
        if let Some(kept) = ready(&mut self.keeping, context) {
            return Poll::Ready(Woken::Kept(kept));
        }
        if let Some(looked) = ready(&mut self.looking, context) {
            return Poll::Ready(Woken::Looked(looked));
        }
        if let Some(pruned) = ready(&mut self.pruning, context) {
            return Poll::Ready(Woken::Pruned(pruned));
        }
        Poll::Pending
    }

    fn woken(&mut self, woken: Woken) -> Result<Option<Ended>, RelayError> {
        match woken {
            Woken::Landed => {
                let mut landings = std::mem::take(&mut self.landings);
                landings.drain(..).for_each(|(ticket, landing)| self.landed(ticket, landing));
                self.landings = landings;
            }
            Woken::Read(page) => self.has_read(page?),
            Woken::Kept(Ok(true)) => {
                self.kept_at = self.keeping_since;
                self.keep_failures = 0;
                self.in_keeping = Progress::default();
            }
            Woken::Kept(Ok(false)) => return Ok(Some(Ended::LeaseLost)),
            Woken::Kept(Err(error)) => self.not_kept(&error)?,
            Woken::Looked(looked) => {
                let Looked { asked, parked, released, is_of_all, held } = looked?;
                self.held = held;
                self.found_released = !released.is_empty();
                self.may_have_released = self.found_released || !is_of_all;
                self.flow.answer(&asked, &parked, released);
            }
            Woken::Pruned(pruned) => match pruned {
                Ok(0) => {}
                Ok(count) => {
                    tracing::debug!(relay = self.driver.options.name, count, "old events were deleted");
                }
                Err(error) => {
                    tracing::warn!(relay = self.driver.options.name, %error, "old events could not be deleted");
                }
            },
            // What is stored after the last page is not waited for where an end is wanted.
            Woken::Signalled => self.at_end &= self.until == Until::UpToDate,
            Woken::TimeIsUp | Woken::StopAsked => {}
        }
        Ok(None)
    }

    /// Says how things are.
    fn report(&mut self) {
        let options = &self.driver.options;
        let oldest = self.flow.oldest().map(|event| {
            let age = self.driver.store.now().as_millis().saturating_sub(event.recorded_at.as_millis());
            Duration::from_millis(u64::try_from(age).unwrap_or(0))
        });
        let stuck = self.away.is_none() && oldest.is_some_and(|age| age >= options.stuck_after);
        if stuck && !self.stuck {
            let event = self.flow.oldest().map(ToString::to_string);
            tracing::warn!(relay = options.name, event, "the relay is stuck: its oldest event is not delivered");
        }
        self.stuck = stuck;
        self.driver.status.send_modify(|status| {
            status.is_leading = true;
            status.delivered = self.flow.delivered();
            status.parked = self.flow.parked_events();
            status.in_flight = self.flow.in_flight();
            status.waiting = self.flow.waiting();
            status.oldest = oldest;
            status.is_stuck = stuck;
            status.sink_unavailable.clone_from(&self.away);
            status.held_transactions = self.held.count;
            status.oldest_held = self.held.oldest;
        });
    }
}

/// The output of work that is done, which is taken away then.
fn ready<T>(work: &mut Option<Work<T>>, context: &mut Context<'_>) -> Option<T> {
    let Poll::Ready(done) = work.as_mut()?.as_mut().poll(context) else { return None };
    *work = None;
    Some(done)
}

#[cfg(test)]
mod tests;
