//! Where the leader hands events over, and makes of each answer what it means.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::Instant;

use super::{Leading, Trouble, Work};
use crate::relay::delivery::{Landing, deliver};
use crate::relay::flow::Ticket;
use crate::relay::sink::{Sink, SinkError, in_one_line};
use crate::relay::storage::Relaying;

impl<S: Relaying, K: Sink> Leading<'_, S, K> {
    /// Hands over whatever may be handed over now.
    pub(super) async fn hand_over(&mut self) {
        loop {
            // For each: a sink that takes its time before it gives up the thread takes it from the lease, too.
            let now = Instant::now();
            // From then on somebody else may lead.
            if now >= self.kept_at + self.driver.options.lease {
                return;
            }
            let Some((ticket, event)) = self.flow.next(now) else { break };
            let deadline = now + self.driver.options.delivery_timeout;
            let mut delivery: Work<(Ticket, Landing)> =
                Box::pin(deliver(Arc::clone(&self.driver.sink), event, ticket, deadline));
            // A sink that answers at once needs no more than this.
            match poll_fn(|context| Poll::Ready(delivery.as_mut().poll(context))).await {
                Poll::Ready((ticket, landing)) => self.landed(ticket, landing),
                Poll::Pending => self.deliveries.push(delivery),
            }
        }
        if let Some(event) = self.flow.park_blocker() {
            let (relay, event) = (&*self.driver.options.name, event.id);
            tracing::error!(relay, %event, "an event was parked: the sink panics at it or does not answer, and all others waited");
        }
    }

    pub(super) fn landed(&mut self, ticket: Ticket, landing: Landing) {
        let relay = &*self.driver.options.name;
        // Not asked for each event that is taken: it is a good part of what handing one over costs.
        let now = Instant::now;
        let had_progress = self.flow.has_progress();
        match landing {
            Landing::Answered(Ok(())) => {
                self.flow.taken(ticket);
                self.trouble = None;
                if self.away.take().is_some() {
                    tracing::info!(relay, "the sink is back");
                }
            }
            Landing::Answered(Err(error)) => {
                let said = in_one_line(&error);
                match error {
                    SinkError::Unavailable(_) => {
                        if self.flow.away(ticket, now()) {
                            tracing::warn!(relay, error = said, "the sink is unavailable, and events wait for it");
                        }
                        self.away = Some(said);
                    }
                    SinkError::Refused(_) | SinkError::Unacceptable(_) => {
                        (self.away, self.trouble) = (None, None);
                        let forever = matches!(error, SinkError::Unacceptable(_));
                        if self.flow.refused(ticket, &said, forever, now()) {
                            tracing::error!(
                                relay,
                                error = said,
                                "an event was parked, and those of its entity after it"
                            );
                        }
                    }
                }
            }
            Landing::Panicked(said) => {
                tracing::error!(relay, "the sink panicked, and the event is tried again");
                self.troubled(ticket, format!("it panicked: {said}"), now());
            }
            Landing::TimedOut => {
                tracing::warn!(relay, "the sink did not answer in time, and the event is tried again");
                let timeout = self.driver.options.delivery_timeout;
                self.troubled(ticket, format!("it did not answer within {timeout:?}"), now());
            }
        }
        if !had_progress && self.flow.has_progress() && self.keeping.is_none() {
            self.keeping_since = now();
        }
    }

    pub(super) fn troubled(&mut self, ticket: Ticket, said: String, now: Instant) {
        let Some(event) = self.flow.troubled(ticket, now) else { return };
        let since = self.trouble.as_ref().map_or(now, |trouble| trouble.since);
        self.trouble = Some(Trouble { since, event: event.to_string(), said });
    }
}
