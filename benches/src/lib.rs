//! What the benches measure: ours and, beside it, the same thing written by hand.
//!
//! Three programs run the same subjects, so that they can not drift apart:
//!
//! - `cargo bench -p timestamp-benches` measures each one by itself with criterion, to follow one figure over time;
//! - `cargo run --release -p timestamp-benches --bin ratios` runs ours and the baseline in turns in one process and
//!   prints their ratios beside the goals: the figures of `docs/performance.md`;
//! - `cargo test -p timestamp-benches` asserts what does not depend on the machine: sizes and allocations.

pub mod clock_read;
pub mod entity;
pub mod hybrid;
pub mod postgres;
pub mod processor;
pub mod ratio;
pub mod relay;
pub mod sqlite;
pub mod task;
pub mod text;
