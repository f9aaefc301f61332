//! What only PostgreSQL does: servers, tables that stood before, other types, and sessions that die.
//!
//! What every store promises is in `tests/contract/`. These need the server that `TIMESTAMP_TEST_POSTGRES` names.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

mod arrays;
mod cluster;
mod coalesced_finds;
mod connect;
mod copies;
mod database;
mod grouped_saves;
mod lost_groups;
mod lost_sessions;
mod old_server;
mod outbox;
mod pooler;
mod proxy;
mod relay;
mod relay_rebased;
mod restarts;
mod schema;
mod sql;
mod timestamptz;
mod tls;
mod values;
mod warnings;
