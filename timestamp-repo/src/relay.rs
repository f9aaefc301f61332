//! The relay: carries every stored event out of the house.
//!
//! A relay promises: every stored event is handed to the sink at least once, the events of one entity in the order of
//! their versions; or it is parked, visibly. None is skipped, also not one whose transaction committed late.
//!
//! # Parts
//!
//! - `flow`: which event may be handed over next, and how far the relay is. The order is kept there, without any I/O.
//! - `leading`: reads, hands over and writes down what was found out, all at the same time.
//! - `lead`: of several relays of one name one leads, by a lease; each lease has a number, and what an older one writes
//!   is refused.
//! - `storage`: what a database must offer. How it reads so that nothing is skipped is told there.
//!
//! # After a crash
//!
//! What was delivered and not yet written down is delivered again. Consumers tell it by the event's id; see
//! [`Inbox`](crate::Inbox).

mod delivery;
mod error;
mod flow;
mod lead;
mod leading;
mod options;
mod parking;
mod retention;
mod running;
mod sink;
mod status;
pub(crate) mod storage;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use timestamp_core::Timestamped;
use tokio::sync::watch;

pub use self::error::RelayError;
use self::lead::{Driver, Stop, Until};
use self::options::RelayOptions;
pub use self::parking::Parking;
pub(crate) use self::retention::{before, prune};
pub use self::running::RunningRelay;
pub use self::sink::{Sink, SinkError};
pub use self::status::RelayStatus;
pub use self::storage::ParkedEvent;
use crate::store::Store;

/// Carries stored events to a [`Sink`]: each at least once, those of one entity in order.
///
/// How far it is, is stored beside the outbox under the relay's name. Several programs may run a relay of the same name:
/// one of them leads, and another takes over within seconds if it dies. Relays of different names are independent, and
/// each carries every event.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use timestamp_core::{Timestamped, Timestamps};
/// use timestamp_repo::{Relay, SinkError, Sqlite, StoredEvent};
///
/// #[derive(Timestamped)]
/// #[timestamped(table = "tasks")]
/// struct Task {
///     #[timestamped(id)]
///     id: i64,
///     timestamps: Timestamps,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = Sqlite::in_memory().await?;
/// let relay = Relay::new(store.clone(), |event: Arc<StoredEvent>| async move {
///     println!("{}", event.payload);
///     Ok::<_, SinkError>(())
/// })
/// .start();
///
/// let mut task = Task::create(|timestamps| Task { id: 1, timestamps })?;
/// store.repository::<Task>().await?.save(&mut task).await?;
///
/// relay.stop().await?; // what is on its way arrives, and how far it is gets stored
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Relay<S, K> {
    store: S,
    sink: Arc<K>,
    options: RelayOptions,
}

impl<S: Store, K: Sink> Relay<S, K> {
    /// Returns a relay named `default` of all events in the store.
    pub fn new(store: S, sink: K) -> Self {
        Self { store, sink: Arc::new(sink), options: RelayOptions::default() }
    }

    /// Sets the name under which its place is stored. A relay with a new name begins with the oldest event that is kept.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = name.into();
        self
    }

    /// Carries only events of this entity type; called again, of this one too.
    #[must_use]
    pub fn only<E: Timestamped>(mut self) -> Self {
        self.options.only = self.options.only.iter().copied().chain([E::ENTITY_TYPE]).collect();
        self
    }

    /// Sets how many events may be with the sink, unanswered, at a time: 256 unless set, at least 1. There is never more
    /// than one of the same entity.
    #[must_use]
    pub fn window(mut self, window: usize) -> Self {
        self.options.window = window.max(1);
        self
    }

    /// Sets after how many refusals an event is parked: 5 unless set, at least 1. Only
    /// [`SinkError::Refused`] counts; a sink that is away, panics or does not answer is waited for. One exception: where
    /// thousands of events wait behind a single one, and the sink has taken others since that one failed first, as many
    /// panics and missing answers from then on park it too.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.options.attempts = attempts.max(1);
        self
    }

    /// Sets for how long the leader is believed to be alive after its last sign of life: 6 seconds unless set, at least
    /// 300 milliseconds. Another relay of the same name takes over after that.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.options.lease = lease.max(Duration::from_millis(300));
        self
    }

    /// Sets for how long an answer of the sink is waited for: 30 seconds unless set. Then the event is tried again.
    #[must_use]
    pub fn delivery_timeout(mut self, timeout: Duration) -> Self {
        self.options.delivery_timeout = timeout;
        self
    }

    /// Sets how often the relay looks for events that nobody has signalled: every 100 milliseconds unless set. Saves of
    /// this program are signalled, and on PostgreSQL those of other programs that use this crate. Once it has read
    /// everything, the relay reads again after 10 milliseconds at the soonest, however often it looks or is signalled, so
    /// that those who save have the database to themselves in between.
    #[must_use]
    pub fn poll_every(mut self, pause: Duration) -> Self {
        self.options.poll_every = pause.max(Duration::from_millis(1));
        self
    }

    /// Deletes events that are older than this and that every relay is done with; at least 24 hours. Unless set, events
    /// are kept for ever.
    ///
    /// # Errors
    ///
    /// [`RelayError::RetentionTooShort`]
    pub fn retention(mut self, age: Duration) -> Result<Self, RelayError> {
        retention::check(age)?;
        self.options.retention = Some(age);
        Ok(self)
    }

    /// Sets the age from which an event that is not delivered, although the sink answers, means that the relay is
    /// stuck: 60 seconds unless set. It is told by a warning and by [`RelayStatus::is_stuck`].
    /// [`deliver_all`](Self::deliver_all) gives up after so long without getting on.
    #[must_use]
    pub fn stuck_after(mut self, age: Duration) -> Self {
        self.options.stuck_after = age;
        self
    }

    /// Starts the relay on the current Tokio runtime. It works until it is stopped, or what is returned is dropped.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    #[must_use = "the relay ends when what is returned is dropped"]
    pub fn start(self) -> RunningRelay {
        let (asking, stop) = watch::channel(false);
        let (driver, status) = self.driver(stop);
        RunningRelay::new(tokio::spawn(driver.run(Until::Stopped)), asking, status)
    }

    /// Hands over everything that is stored now, and returns when it was delivered or parked, and what is older than the
    /// [`retention`](Self::retention) deleted. For programs that run now and then, and for tests.
    ///
    /// An event at which the sink panics or does not answer is tried again and again, as long as others get on, and for
    /// [`stuck_after`](Self::stuck_after) beyond that. Dropped half-way, the call keeps the lease until it runs out.
    ///
    /// # Errors
    ///
    /// [`RelayError::LedElsewhere`] if such a relay is running, [`RelayError::SinkUnavailable`] if the sink is away,
    /// [`RelayError::Stuck`] if it has done nothing but panic and stay silent for too long. What comes after the event that
    /// is not delivered is handed over again by the next call.
    pub async fn deliver_all(&self) -> Result<RelayStatus, RelayError> {
        let (_asking, stop) = watch::channel(false);
        let relay = Self { store: self.store.clone(), sink: Arc::clone(&self.sink), options: self.options.clone() };
        let (driver, status) = relay.driver(stop);
        driver.run(Until::UpToDate).await?;
        Ok(status.borrow().clone())
    }

    fn driver(self, stop: watch::Receiver<bool>) -> (Driver<S, K>, watch::Receiver<RelayStatus>) {
        let (status, watched) = watch::channel(RelayStatus::default());
        let Self { store, sink, options } = self;
        (Driver { store, sink, options, status, stop: Stop(stop) }, watched)
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Relay<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("store", &self.store).field("options", &self.options).finish_non_exhaustive()
    }
}
