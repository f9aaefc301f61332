//! Where the leader reads on: a page at a time, while the one before is handed over.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::{Leading, Until, Work};
use crate::relay::error::RelayError;
use crate::relay::sink::Sink;
use crate::relay::storage::{Page, Relaying};

/// Events read at a time, and about how many bytes of them. The store bounds a page that turns out larger.
pub(super) const PAGE: u32 = 1_000;
const PAGE_BYTES: usize = 4 << 20;

/// How soon the leader reads again after it had read everything. Events that are stored one by one are read together then: a
/// read costs those who save about as much as one more save.
pub(super) const READ_PAUSE: Duration = Duration::from_millis(10);

impl<S: Relaying, K: Sink> Leading<'_, S, K> {
    /// Begins to read the next page, if there may be one and there is room for it.
    pub(super) async fn read_on(&mut self) {
        let now = Instant::now();
        if now >= self.read_at + self.driver.options.poll_every && self.until == Until::Stopped {
            self.at_end = false;
        }
        if self.reading.is_some() || self.at_end || !self.flow.wants_more() || now < self.may_read_at() {
            return;
        }
        // A signal that comes from here on is one for the next page.
        (self.read_at, self.at_end) = (now, true);
        let (store, from) = (self.driver.store.clone(), self.flow.read_to().clone());
        let (only, limit) = (Arc::clone(&self.driver.options.only), self.page);
        let mut reading: Work<Result<Page, RelayError>> =
            Box::pin(async move { store.read_page(&from, &only, limit).await });
        // It begins when it is first asked, and what is ready now is added when others have been looked at.
        match poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await {
            Poll::Ready(page) => self.reading = Some(Box::pin(std::future::ready(page))),
            Poll::Pending => self.reading = Some(reading),
        }
    }

    /// Takes in what was read.
    pub(super) fn has_read(&mut self, page: Page) {
        self.at_end &= page.is_last;
        self.had_read_all = page.is_last;
        self.page = next_page(&page);
        self.flow.add(page);
    }

    pub(super) fn may_read_at(&self) -> Instant {
        if self.had_read_all { self.read_at + READ_PAUSE } else { self.read_at }
    }
}

/// How many events to read next: as many as those of this page would be in [`PAGE_BYTES`].
fn next_page(page: &Page) -> u32 {
    let largest = page.events.iter().map(|(fetched, _)| fetched.weight()).max().unwrap_or(0).max(1);
    u32::try_from(PAGE_BYTES / largest).unwrap_or(PAGE).clamp(1, PAGE)
}
