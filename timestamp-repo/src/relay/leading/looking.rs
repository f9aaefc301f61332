//! Where the leader looks for what others may have done: events that were released, transactions that are held open.

use tokio::time::Instant;

use super::reading::PAGE;
use super::{LOOK_EVERY, Leading, Looked};
use crate::relay::flow::Question;
use crate::relay::lead::FIRST_PAUSE;
use crate::relay::sink::Sink;
use crate::relay::storage::Relaying;

impl<S: Relaying, K: Sink> Leading<'_, S, K> {
    /// Whether there may be a look now. The lease ends with what is kept last: what was found after that would be handed
    /// over beside the next leader.
    pub(super) fn may_look(&self) -> bool {
        self.looking.is_none() && !self.is_last
    }

    /// When to look for what others may have released or given up. What is found must be from before or after what this
    /// program changes about parked events, so it looks and changes in turns; however often it parks, its turn to look comes.
    pub(super) fn look_due(&self, now: Instant) -> Instant {
        if self.in_keeping.has_parkings() {
            // The end of that wakes.
            return now + LOOK_EVERY;
        }
        let is_worth_it = self.found_released || !self.flow.has_released_on_their_way();
        let soon = self.may_have_released && is_worth_it && self.flow.wants_more();
        let pause = if soon { FIRST_PAUSE } else { LOOK_EVERY };
        self.looked_at.map_or(now, |at| at + pause)
    }

    pub(super) fn begin_looking(&mut self, now: Instant) {
        self.looked_at = Some(now);
        let (store, relay) = (self.driver.store.clone(), self.driver.options.name.clone());
        let has_parked = self.flow.parked_events() > 0;
        let Question { asked, busy } = self.flow.ask();
        self.looking = Some(Box::pin(async move {
            let held = store.held().await?;
            let (mut parked, mut released) = (Vec::new(), Vec::new());
            if has_parked {
                // In this order: what is given up in between counts as parked.
                parked = store.parked_of(&relay, &asked).await?;
                if let Some(busy) = &busy {
                    released = store.released(&relay, busy, PAGE).await?;
                }
            }
            let is_of_all = !has_parked || busy.is_some_and(|busy| busy.is_empty());
            Ok(Looked { asked, parked, released, is_of_all, held })
        }));
    }
}
