//! One event on its way to the sink.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::flow::Ticket;
use super::sink::{Sink, SinkError};
use crate::outbox::StoredEvent;
use crate::testing::point;

/// How a delivery ended.
#[derive(Debug)]
pub(super) enum Landing {
    Answered(Result<(), SinkError>),
    /// With what the panic said.
    Panicked(String),
    TimedOut,
}

/// Hands an event to the sink, which may panic, or take its time for ever; at `deadline` nobody waits any more.
pub(super) async fn deliver<K: Sink>(
    sink: Arc<K>,
    event: Arc<StoredEvent>,
    ticket: Ticket,
    deadline: Instant,
) -> (Ticket, Landing) {
    // The call is inside, since a sink may panic before it returns its future. What a panic leaves behind is the sink's
    // own; nothing of it is looked at here.
    let delivery = AssertUnwindSafe(async { sink.deliver(event).await }).catch_unwind();
    point("publish/before");
    let landing = match tokio::time::timeout_at(deadline, delivery).await {
        Ok(Ok(answer)) => Landing::Answered(answer),
        Ok(Err(panic)) => Landing::Panicked(said(&*panic)),
        Err(_) => Landing::TimedOut,
    };
    point("publish/after");
    (ticket, landing)
}

/// What a panic said, where it used words.
fn said(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    words.unwrap_or("a value that is no text").to_owned()
}
