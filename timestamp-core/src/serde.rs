//! Other forms of an instant than its text, for the fields of your own types.
//!
//! An [`EpochMs`](crate::EpochMs) is text in serde, in every format, and so is an `Option` of it; nothing has to be written
//! for that. Where a document holds milliseconds, the field says so.
//!
//! # Example
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use timestamp_core::EpochMs;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Session {
//!     opened: EpochMs,
//!     #[serde(with = "timestamp_core::serde::millis")]
//!     seen: EpochMs,
//!     #[serde(default, with = "timestamp_core::serde::millis::option")]
//!     closed: Option<EpochMs>,
//! }
//!
//! let session: Session = serde_json::from_str(r#"{"opened":"1970-01-01T00:00:00Z","seen":1500}"#)?;
//! assert_eq!(session.seen, EpochMs::from_millis(1500)?);
//! assert_eq!(
//!     serde_json::to_string(&session)?,
//!     r#"{"opened":"1970-01-01T00:00:00.000Z","seen":1500,"closed":null}"#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod millis;
