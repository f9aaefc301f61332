//! SQLite: one file, one writer, many readers.
//!
//! - [`store`]: an open file. [`backend`]: what is asked of one. [`options`] and [`opening`]: how it is opened.
//!   [`connection`]: how each connection is set up. [`migrations`]: the framework's own tables.
//! - [`entity_table`]: finds or makes an entity's table. [`schema`]: what it must look like. [`table`]: its SQL.
//!   [`row`]: values in and out.
//! - [`mod@write`]: what a change does inside a transaction, and why one was refused.
//! - [`writer`]: the one connection that writes, and its lock. [`group`]: the thread that commits groups, and
//!   [`exclusive`]: work that it does alone. [`checkpoint`]: keeps the log short, off the callers' path.
//! - [`lone_save`]: one entity. [`batch`]: many at once. [`mod@unit`]: a unit of work. [`touch`]: bulk touches.
//! - [`read`]: the connections that read. [`backup`]: a copy of the whole. [`failure`]: what SQLite says, as outcomes.

mod backend;
mod backup;
mod batch;
mod checkpoint;
mod connection;
mod entity_table;
mod exclusive;
mod failure;
mod group;
mod inbox;
mod lone_save;
mod migrations;
mod opening;
mod options;
mod read;
mod relay;
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
