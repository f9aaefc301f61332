//! What only SQLite does: files, tables that stood before, rows changed by hand, full disks, other processes.
//!
//! What every store promises is in `tests/contract/`.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

mod backup;
mod checkpoint;
mod database;
mod durability;
mod failures;
mod open;
mod processes;
mod read_only;
mod schema;
mod schema_refused;
mod unreadable_rows;
mod values;
