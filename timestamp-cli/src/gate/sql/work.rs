//! Counts what reading a text costs, so that a test can tell linear work from any other on a busy machine.

use std::cell::Cell;

thread_local! {
    static DONE: Cell<usize> = const { Cell::new(0) };
}

/// Notes bytes that are cut into tokens, or tokens that are looked at.
pub(super) fn add(count: usize) {
    DONE.set(DONE.get() + count);
}

/// Returns what was done since the last call.
pub(super) fn take() -> usize {
    DONE.take()
}
