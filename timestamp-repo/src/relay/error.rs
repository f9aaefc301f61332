//! Why a relay, or what is asked of one, failed.

use std::time::Duration;

use crate::error::{BackendError, FindError, SaveError};

/// Why a relay could not do its work.
///
/// A running relay tries again by itself; this is for those who ask for one thing at a time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// Another program, or another relay of the same name in this one, has the lease.
    #[error("the relay `{relay}` is led elsewhere: stop that one, or wait until its lease has run out")]
    LedElsewhere {
        /// The relay.
        relay: String,
    },
    /// The sink is away.
    #[error("the sink is unavailable, and events are waiting: {message}")]
    SinkUnavailable {
        /// What it said.
        message: String,
    },
    /// Nothing was taken or parked for as long as [`Relay::stuck_after`](crate::Relay::stuck_after) allows, while the sink
    /// panicked at what is left or did not answer.
    #[error(
        "for {waited:?} the relay has not got on: of the event {event} the sink last said: {trouble}; mend the sink, and \
         deliver again"
    )]
    Stuck {
        /// The event that it was asked to take last, for a log.
        event: String,
        /// What became of that.
        trouble: String,
        /// Since the first such trouble after anything went well.
        waited: Duration,
    },
    /// Events would be deleted that a save may still have to look for.
    #[error(
        "events are kept for at least 24 hours, and {asked:?} was asked for: a save whose outcome was unknown is decided by them"
    )]
    RetentionTooShort {
        /// What was asked for.
        asked: Duration,
    },
    /// The store was opened for reading, and a relay has to remember how far it is.
    #[error("the store is read-only: to relay its events, open it without `read_only()`")]
    ReadOnly,
    /// The database failed.
    #[error(transparent)]
    Backend(BackendError),
}

impl From<FindError> for RelayError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Backend(error) => Self::Backend(error),
            error => Self::Backend(BackendError::because("the outbox can not be read", error)),
        }
    }
}

impl From<SaveError> for RelayError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::ReadOnly => Self::ReadOnly,
            SaveError::Backend(error) => Self::Backend(error),
            error => Self::Backend(BackendError::because("what the relay knows can not be written", error)),
        }
    }
}
