//! Events on their way to NATS JetStream: that they arrive, and what becomes of them where they can not.
//!
//! Each test has a server of its own, which it may stop, fill or forbid things. What the relay promises with any sink is
//! in `tests/contract/`.

#![cfg(all(feature = "nats", feature = "sqlite"))]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

mod connect;
mod delivery;
#[cfg(feature = "postgres")]
mod from_postgres;
mod half_open;
mod login;
mod messages;
mod outages;
mod server;
mod setup;
mod stuck;
#[path = "../postgres_only/warnings.rs"]
mod warnings;
