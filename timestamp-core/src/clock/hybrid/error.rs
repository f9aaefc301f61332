//! Why a hybrid clock gives out no stamp, or does not take one in.

use std::fmt;
use std::time::Duration as StdDuration;

use super::{HybridStamp, RememberError};
use crate::EpochMs;

/// Why a hybrid clock gives out no stamp.
#[derive(Debug)]
#[non_exhaustive]
pub enum StampError {
    /// Every stamp up to the bound is given out, but for the last 4,096, which are kept back for threads that ask at the same
    /// time. Each millisecond that the physical clock shows later than ever before makes room for as many as 65,536 more.
    Exhausted {
        /// What the physical clock showed.
        physical: EpochMs,
        /// How far stamps may be ahead of it.
        most: StdDuration,
    },
    /// The clock's file can not be written, so a restart might take the clock back. The next call tries again.
    NotRemembered(RememberError),
}

impl fmt::Display for StampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted { physical, most } => write!(
                f,
                "every stamp up to {most:?} ahead of the physical clock is given out; it shows {physical}: try again when it \
                 has moved on, or find out why it stands still or was set back",
            ),
            Self::NotRemembered(_) => {
                f.write_str("the clock can not remember how far it has come, so it goes no further")
            }
        }
    }
}

impl std::error::Error for StampError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Exhausted { .. } => None,
            Self::NotRemembered(error) => Some(error),
        }
    }
}

impl From<RememberError> for StampError {
    fn from(error: RememberError) -> Self {
        Self::NotRemembered(error)
    }
}

/// Why a hybrid clock does not take in a stamp. The clock is as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum MergeError {
    /// The stamp is further ahead of the physical clock than the bound.
    TooFarAhead {
        /// The stamp.
        received: HybridStamp,
        /// The latest time that the physical clock has shown.
        physical: EpochMs,
        /// How far stamps may be ahead of it.
        most: StdDuration,
    },
    /// The stamp bears this clock's node, and is later than every one that it has given out. An earlier one can not be told
    /// from an own one.
    OwnNode {
        /// The stamp.
        received: HybridStamp,
    },
    /// The stamp is taken in no more than a new one can be given out.
    Stamp(StampError),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFarAhead { received, physical, most } => {
                let ahead = received.time().saturating_duration_since(*physical);
                write!(
                    f,
                    "the stamp {received} is {ahead:?} ahead of the physical clock here, which has shown {physical} at most, \
                     and {most:?} are allowed: synchronise the clocks of both nodes, or allow for more with `max_ahead`",
                )
            }
            Self::OwnNode { received } => write!(
                f,
                "the stamp {received} bears this clock's own node and was not given out by it: give each node an id of its \
                 own, and have the clock remember with `remember_in` if it was restarted",
            ),
            Self::Stamp(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for MergeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooFarAhead { .. } | Self::OwnNode { .. } => None,
            Self::Stamp(error) => error.source(),
        }
    }
}
