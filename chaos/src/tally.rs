//! What rounds came to, as it is kept on disk, added up, and printed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts by name.
pub(crate) type Counts = BTreeMap<String, usize>;

/// What happened in one round, or in several of the same arrangement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) rounds: usize,
    pub(crate) faults: Counts,
    /// How many processes ended at each named point.
    pub(crate) ended_at: Counts,
    /// What speaks against each promise, by its name in reports.
    pub(crate) against: Counts,
    pub(crate) figures: Figures,
    pub(crate) seconds: f64,
}

/// What happened, in figures. They do not say whether it is right, but whether there was something to judge.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) attempted: usize,
    pub(crate) acknowledged: usize,
    pub(crate) stored: usize,
    pub(crate) pruned: usize,
    pub(crate) deliveries: usize,
    pub(crate) duplicates: usize,
    /// Deliveries that the sink refused at first.
    pub(crate) refused: usize,
    /// How saves ended.
    pub(crate) ends: Counts,
    /// What errors said that show that a fault was met.
    pub(crate) said: Counts,
}

impl Tally {
    pub(crate) fn faults(&self) -> usize {
        self.faults.values().sum()
    }

    pub(crate) fn is_green(&self) -> bool {
        self.against.values().all(|count| *count == 0)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let Self { rounds, faults, ended_at, against, figures, seconds } = other;
        self.rounds += rounds;
        self.seconds += seconds;
        for (sum, part) in [
            (&mut self.faults, faults),
            (&mut self.ended_at, ended_at),
            (&mut self.against, against),
            (&mut self.figures.ends, &figures.ends),
            (&mut self.figures.said, &figures.said),
        ] {
            for (name, count) in part {
                *sum.entry(name.clone()).or_default() += count;
            }
        }
        let Figures { attempted, acknowledged, stored, pruned, deliveries, duplicates, refused, ends: _, said: _ } =
            figures;
        for (sum, part) in [
            (&mut self.figures.attempted, attempted),
            (&mut self.figures.acknowledged, acknowledged),
            (&mut self.figures.stored, stored),
            (&mut self.figures.pruned, pruned),
            (&mut self.figures.deliveries, deliveries),
            (&mut self.figures.duplicates, duplicates),
            (&mut self.figures.refused, refused),
        ] {
            *sum += part;
        }
    }
}
