//! Work that ends even if its caller goes away.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use timestamp_core::__private::{Outcome, OutcomeState};

/// Runs work on the caller's task. If the caller goes away after it began, the runtime takes over and the work goes on
/// to its end; if it goes away before, the work is dropped.
pub(super) struct Finishing<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    begun: bool,
}

impl<T: Send + 'static> Finishing<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { work: Some(Box::pin(work)), begun: false }
    }
}

impl<T: Send + 'static> Future for Finishing<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.begun = true;
        let Some(work) = &mut self.work else { unreachable!("work is not polled again after its end") };
        let done = work.as_mut().poll(context);
        if done.is_ready() {
            self.work = None;
        }
        done
    }
}

impl<T: Send + 'static> Drop for Finishing<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take().filter(|_| self.begun) else { return };
        // Without a runtime nobody can go on: the work is dropped, and says so by its outcome.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(work);
        }
    }
}

/// An outcome that is "unknown" unless somebody decides otherwise first: the work was dropped half-way.
pub(super) struct Undecided(pub(super) Arc<Outcome>);

impl Undecided {
    pub(super) fn decide(&self, state: OutcomeState) {
        self.0.decide(state);
    }
}

impl Drop for Undecided {
    fn drop(&mut self) {
        self.0.decide(OutcomeState::Unknown);
    }
}
