//! `RelayStatus`: how a relay is doing.

use std::time::Duration;

/// How a relay is doing, as this program sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayStatus {
    /// This program has the lease. Where another one has it, the rest is zero.
    pub is_leading: bool,
    /// Events that the sink has taken since this program leads.
    pub delivered: u64,
    /// Events that are kept aside.
    pub parked: u64,
    /// Events that were handed to the sink and not answered.
    pub in_flight: usize,
    /// Events that were read and wait: for an earlier one of their entity, for the sink, for another attempt.
    pub waiting: usize,
    /// How old the oldest event is that was read and not delivered, from when it was stored.
    pub oldest: Option<Duration>,
    /// The oldest is older than [`Relay::stuck_after`](crate::Relay::stuck_after) although the sink answers.
    pub is_stuck: bool,
    /// What the sink said when it went away; none, if it answers.
    pub sink_unavailable: Option<String>,
    /// Open transactions that may hold events back, which nobody can see before they end. Always 0 on SQLite.
    pub held_transactions: u64,
    /// For how long the oldest of them has been open.
    pub oldest_held: Option<Duration>,
}
