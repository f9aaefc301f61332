//! The pages of `docs/`, so that rustdoc shows them and their code blocks run as tests.
//!
//! The pages that store entities are part of `timestamp-repo`.

#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[doc = include_str!("../docs/attributes.md")]
pub mod attributes {}

#[doc = include_str!("../docs/clocks.md")]
pub mod clocks {}

#[doc = include_str!("../docs/compare.md")]
pub mod compare {}

#[doc = include_str!("../docs/time.md")]
pub mod time {}

/// The front page of this crate.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
pub mod readme {}
