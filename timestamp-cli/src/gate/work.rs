//! Counts what reading a text costs, so that a test can tell linear work from any other on a busy machine.

use std::cell::Cell;

thread_local! {
    static DONE: Cell<usize> = const { Cell::new(0) };
}

/// Notes bytes and tokens that are looked at.
pub(crate) fn add(count: usize) {
    DONE.set(DONE.get() + count);
}

/// Returns what was done since the last call.
pub(crate) fn take() -> usize {
    DONE.take()
}
