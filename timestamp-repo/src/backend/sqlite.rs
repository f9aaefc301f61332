//! SQLite: one file, one writer, many readers.
//!
//! - [`options`]: how a store is opened. [`connection`]: how each connection is set up. [`migrations`]: the framework's
//!   own tables.
//! - [`table`]: an entity's table, checked, with its SQL. [`row`]: values in and out.
//! - [`mod@write`]: what a change does inside a transaction, and why one was refused.
//! - [`writer`]: the one connection that writes, and its lock. [`group`]: the thread that commits groups.
//!   [`batch`]: many entities at once. [`mod@unit`]: a unit of work. [`touch`]: bulk touches. [`checkpoint`]: keeps the
//!   log short, off the callers' path.
//! - [`read`]: the connections that read.

mod batch;
mod checkpoint;
mod connection;
mod failure;
mod group;
mod migrations;
mod options;
mod read;
mod row;
mod schema;
mod store;
mod table;
mod touch;
mod unit;
mod write;
mod writer;

pub use self::options::{Durability, SqliteOptions};
pub use self::store::Sqlite;
