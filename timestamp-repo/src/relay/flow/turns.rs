//! Whose turn it is: who may go at once, who later, and how many are on their way.
//!
//! # Laws
//!
//! 1. No more events are on their way than the window allows; one, where the sink was away a moment ago.
//! 2. While the sink is away, nobody has a turn before the pause is over, and each pause is twice as long as the one
//!    before, up to the longest.
//! 3. Whoever failed has its turn again after a pause of the same kind, and not before those who are ready by then.
//!
//! A ticket whose event is done meanwhile stays here until its turn comes; the caller passes it over.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::{Limits, Ticket};

#[derive(Debug, Default)]
pub(super) struct Turns {
    ready: VecDeque<Ticket>,
    retries: BinaryHeap<Reverse<(Instant, Ticket)>>,
    flying: usize,
    /// While the sink is away: until when nothing is handed over, and how long the next pause is.
    away: Option<Away>,
}

#[derive(Debug)]
struct Away {
    until: Instant,
    pause: Duration,
}

impl Turns {
    pub(super) fn flying(&self) -> usize {
        self.flying
    }

    /// It may go now.
    pub(super) fn ready(&mut self, ticket: Ticket) {
        self.ready.push_back(ticket);
    }

    /// It has failed so often, and may go again after a pause.
    pub(super) fn again(&mut self, ticket: Ticket, failures: u32, now: Instant, limits: &Limits) {
        let pause = pause(limits.first_pause, limits.longest_pause, failures);
        self.retries.push(Reverse((now + pause, ticket)));
    }

    /// Whether anybody may have a turn now.
    pub(super) fn are_open(&self, now: Instant, limits: &Limits) -> bool {
        let window = match &self.away {
            Some(away) if now < away.until => return false,
            // One event finds out whether the sink is back.
            Some(_) => 1,
            None => limits.window,
        };
        self.flying < window
    }

    /// Who is next, of those who may go at `now`.
    pub(super) fn next(&mut self, now: Instant) -> Option<Ticket> {
        while let Some(Reverse((due, ticket))) = self.retries.peek().copied()
            && due <= now
        {
            self.retries.pop();
            self.ready.push_back(ticket);
        }
        self.ready.pop_front()
    }

    /// When somebody may have a turn who has none now, if that depends on the time.
    pub(super) fn due(&self, limits: &Limits) -> Option<Instant> {
        let retry = self.retries.peek().map(|Reverse((due, _))| *due);
        match &self.away {
            Some(_) if self.flying > 0 => None,
            Some(away) if self.ready.is_empty() => retry.map(|due| due.max(away.until)),
            Some(away) => Some(away.until),
            // An answer makes room, and no time does.
            None if self.flying >= limits.window => None,
            None => retry,
        }
    }

    pub(super) fn set_out(&mut self) {
        self.flying += 1;
    }

    pub(super) fn land(&mut self) {
        self.flying -= 1;
    }

    /// The sink answers.
    pub(super) fn is_there(&mut self) {
        self.away = None;
    }

    /// The sink is away, as this event found out, which is the first to go again. Returns whether it was there before.
    pub(super) fn is_away(&mut self, ticket: Ticket, now: Instant, limits: &Limits) -> bool {
        self.ready.push_front(ticket);
        match &mut self.away {
            // Several were on their way when it went; only the first counts.
            Some(away) if now < away.until => false,
            Some(away) => {
                away.pause = (away.pause * 2).min(limits.longest_pause);
                away.until = now + away.pause;
                false
            }
            None => {
                let pause = limits.first_pause;
                self.away = Some(Away { until: now + pause, pause });
                true
            }
        }
    }
}

/// Twice as long after each failure.
fn pause(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX)).min(longest)
}
