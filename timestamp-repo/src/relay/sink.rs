//! `Sink`: where the relay carries events to.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::outbox::StoredEvent;

/// Where a [`Relay`](crate::Relay) carries events to: a broker, a search index, a function of your own.
///
/// An event is delivered at least once. The next event of the same entity is handed over only after this one was taken;
/// events of different entities are on their way together.
///
/// A function from an event to a future is a sink:
///
/// ```
/// use std::sync::Arc;
///
/// use timestamp_repo::{Relay, SinkError, Sqlite, StoredEvent};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = Sqlite::in_memory().await?;
/// let relay = Relay::new(store, |event: Arc<StoredEvent>| async move {
///     println!("{event}");
///     Ok::<_, SinkError>(())
/// });
/// relay.deliver_all().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sink",
    label = "the relay can not deliver events to this",
    note = "a sink is a type that implements `Sink`, or a closure `|event: Arc<StoredEvent>| async move {{ .. Ok(()) }}` \
            that returns `Result<(), SinkError>`"
)]
pub trait Sink: Send + Sync + 'static {
    /// Takes one event. `Ok` means that it is safe there: after it, the event may be forgotten here.
    ///
    /// # Errors
    ///
    /// [`SinkError`] says whether the sink is away, or refuses this event.
    fn deliver(&self, event: Arc<StoredEvent>) -> impl Future<Output = Result<(), SinkError>> + Send;
}

impl<F, D> Sink for F
where
    F: Fn(Arc<StoredEvent>) -> D + Send + Sync + 'static,
    D: Future<Output = Result<(), SinkError>> + Send,
{
    fn deliver(&self, event: Arc<StoredEvent>) -> impl Future<Output = Result<(), SinkError>> + Send {
        self(event)
    }
}

/// Why a sink did not take an event.
///
/// The kinds differ in what the relay does next, so choose by that.
#[non_exhaustive]
pub enum SinkError {
    /// The sink is away, or its storage is full. All events wait, the pause between attempts grows, and nothing is held
    /// against this event.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// The sink refuses this event now. It is tried again, and parked after as many refusals as the relay allows; events
    /// of other entities go on.
    Refused(Box<dyn Error + Send + Sync>),
    /// The sink will never take this event, such as one over the broker's size limit. It is parked at once.
    Unacceptable(Box<dyn Error + Send + Sync>),
}

impl SinkError {
    /// The sink is away.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// The sink refuses this event now.
    pub fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused(cause.into())
    }

    /// The sink will never take this event.
    pub fn unacceptable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unacceptable(cause.into())
    }

    fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        match self {
            Self::Unavailable(cause) | Self::Refused(cause) | Self::Unacceptable(cause) => &**cause,
        }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable(_) => "the sink is unavailable",
            Self::Refused(_) => "the sink refused the event",
            Self::Unacceptable(_) => "the sink can not take the event",
        })
    }
}

impl fmt::Debug for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {}", self.cause())
    }
}

impl Error for SinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause())
    }
}

/// An error with its causes, in one line, as it is kept beside a parked event.
pub(super) fn in_one_line(error: &SinkError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
