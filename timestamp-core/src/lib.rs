//! Domain entities whose timestamps can be trusted.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod epoch_ms;
mod event;
mod pending;
mod record;
pub mod serde;
mod timestamped;
mod timestamps;
mod validation;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(all(any(doc, doctest), feature = "derive"))]
#[path = "docs.rs"]
pub mod _docs;

pub use crate::clock::{Clock, ManualClock};
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

#[cfg(feature = "derive")]
pub use timestamp_derive::Timestamped;
