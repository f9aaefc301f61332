//! Domain entities whose timestamps can be trusted.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod epoch_ms;
mod event;
mod excerpt;
mod pending;
mod record;
pub mod serde;
mod timestamped;
mod timestamps;
mod validation;
mod version_vector;

/// What a [`HybridClock`] is made with, and its errors.
pub mod hybrid {
    pub use crate::clock::hybrid::{HybridOptions, MergeError, RememberError, StampError, StampParseError};
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(all(any(doc, doctest), feature = "derive"))]
#[path = "docs.rs"]
pub mod _docs;

pub use crate::clock::hybrid::{HybridClock, HybridStamp, NodeId};
pub use crate::clock::{Clock, ClockJumps, ManualClock, WatchedClock};
pub use crate::epoch_ms::{
    Assume, EpochMs, EpochMsText, EpochUnit, Implausible, Offset, OutOfRange, ParseError, PlausibleRange, Suffix,
    TimeAgo,
};
pub use crate::event::{Drain, Event, EventKind, PendingEvents, UnknownEventKind};
pub use crate::record::{
    Column, ColumnDefinition, ColumnError, ColumnType, Record, RowError, RowReader, RowWriter, Value,
};
pub use crate::timestamped::{PayloadError, Timestamped};
pub use crate::timestamps::Timestamps;
pub use crate::validation::ValidationError;
pub use crate::version_vector::{Causality, VersionVector};

#[cfg(feature = "derive")]
pub use timestamp_derive::Timestamped;
