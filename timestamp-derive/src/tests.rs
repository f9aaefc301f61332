//! What the derive makes of tokens, without a compiler around it.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test that goes wrong stops; only the derive must not")]

mod expansion;
mod no_panic;
mod refusals;
mod token_budget;
