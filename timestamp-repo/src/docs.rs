//! The pages of `docs/` that store entities, so that rustdoc shows them and their code blocks run as tests.
//!
//! The others are part of `timestamp-core`.

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("../docs/postgres.md")]
#[cfg(feature = "postgres")]
pub mod postgres {}

#[doc = include_str!("../docs/relay.md")]
#[cfg(feature = "nats")]
pub mod relay {}

#[doc = include_str!("../docs/guarantees.md")]
#[cfg(all(feature = "postgres", feature = "sqlite", feature = "test-util"))]
pub mod guarantees {}
