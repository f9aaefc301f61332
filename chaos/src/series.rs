//! The rounds of a run. Each has databases of its own; what it came to is on disk before the next one begins, so that a run
//! that was interrupted can be resumed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::arrangement::Arrangement;
use crate::database::Failed;
use crate::random::Random;
use crate::tally::Tally;

/// The file in the run's folder.
const FILE: &str = "rounds.json";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) seed: u64,
    /// What the words of a fault contain, if not all are drawn.
    pub(crate) like: Option<String>,
    pub(crate) rounds: Vec<Round>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) arrangement: Arrangement,
    pub(crate) faults: usize,
    pub(crate) seed: u64,
    /// The last is what counts. One before it was red, and the run was resumed.
    pub(crate) tallies: Vec<Tally>,
}

impl Round {
    pub(crate) fn is_done(&self) -> bool {
        self.tallies.last().is_some_and(Tally::is_green)
    }
}

impl Series {
    /// The same share in each arrangement, in rounds of no more than `most` faults, by turns. Unless one alone is asked
    /// for, a turn is each database with the driver's sink, and one of both with NATS.
    pub(crate) fn plan(seed: u64, faults: usize, only: Option<Arrangement>, most: usize, like: Option<String>) -> Self {
        let mut random = Random::new(seed);
        let of_turn = |turn: usize| match only {
            Some(arrangement) => vec![arrangement],
            None => Arrangement::of_turn(seed.wrapping_add(turn as u64)).to_vec(),
        };
        let share = faults.div_ceil(of_turn(0).len());
        let turns = share.div_ceil(most.max(1)).max(1);
        let mut rounds = Vec::new();
        for turn in 0..turns {
            for arrangement in of_turn(turn) {
                let faults = share / turns + usize::from(turn < share % turns);
                rounds.push(Round { arrangement, faults, seed: random.next(), tallies: Vec::new() });
            }
        }
        Self { seed, like, rounds }
    }

    /// # Errors
    ///
    /// If no run has left its rounds in the folder.
    pub(crate) fn resume(folder: &Path) -> Result<Self, Failed> {
        let file = folder.join(FILE);
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}: give the folder that the run named at its start", file.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// In one step, so that a run that is killed meanwhile can be resumed.
    pub(crate) fn keep(&self, folder: &Path) -> Result<(), Failed> {
        let (file, new) = (folder.join(FILE), folder.join("rounds.new"));
        fs::write(&new, serde_json::to_string_pretty(self)?)?;
        fs::rename(new, file)?;
        Ok(())
    }

    /// A folder for a round that is new: what was cut off, or was red, is kept beside it.
    pub(crate) fn folder(&self, folder: &Path, index: usize) -> PathBuf {
        let name = |again: usize| {
            let arrangement = self.rounds.get(index).map_or("", |round| round.arrangement.name());
            let arrangement = arrangement.to_lowercase().replace(' ', "-");
            let again = if again == 0 { String::new() } else { format!("-again-{again}") };
            folder.join(format!("{:02}-{arrangement}{again}", index + 1))
        };
        let mut again = 0;
        while name(again).exists() {
            again += 1;
        }
        name(again)
    }

    pub(crate) fn faults(&self) -> usize {
        self.rounds.iter().map(|round| round.faults).sum()
    }

    /// Of the rounds that are done.
    pub(crate) fn faults_done(&self) -> usize {
        self.rounds.iter().filter(|round| round.is_done()).map(|round| round.faults).sum()
    }

    /// What counts of each arrangement.
    pub(crate) fn tallies(&self) -> Vec<(Arrangement, Tally)> {
        let mut tallies: Vec<(Arrangement, Tally)> = Vec::new();
        for Round { arrangement, tallies: of_round, .. } in &self.rounds {
            let Some(tally) = of_round.last() else { continue };
            match tallies.iter_mut().find(|(known, _)| known == arrangement) {
                Some((_, sum)) => sum.add(tally),
                None => tallies.push((*arrangement, tally.clone())),
            }
        }
        tallies
    }

    /// Whether a round was ever red, also if it was resumed and was green then.
    pub(crate) fn was_red(&self) -> bool {
        self.rounds.iter().flat_map(|round| &round.tallies).any(|tally| !tally.is_green())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn tally(faults: usize, lost: usize) -> Tally {
        Tally {
            faults: BTreeMap::from([("a writer killed".to_owned(), faults)]),
            against: BTreeMap::from([("lost".to_owned(), lost)]),
            ..Tally::default()
        }
    }

    #[test]
    fn rounds_share_the_faults_between_the_arrangements() {
        let series = Series::plan(7, 1_200, None, 50, None);
        assert_eq!((series.rounds.len(), series.faults()), (24, 1_200));
        assert!(series.rounds.iter().all(|round| round.faults == 50));
        let rounds_of = |arrangement| series.rounds.iter().filter(|round| round.arrangement == arrangement).count();
        let each = [Arrangement::Sqlite, Arrangement::Postgres, Arrangement::SqliteNats, Arrangement::PostgresNats];
        assert_eq!(each.map(rounds_of), [8, 8, 4, 4]);
        let series = Series::plan(7, 51, Some(Arrangement::Postgres), 50, None);
        let faults: Vec<usize> = series.rounds.iter().map(|round| round.faults).collect();
        assert_eq!(faults, [26, 25]);
    }

    #[test]
    fn a_resumed_run_goes_on_with_the_round_that_is_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let mut series = Series::plan(7, 150, None, 50, None);
        series.rounds[0].tallies.push(tally(50, 0));
        series.rounds[1].tallies.push(tally(50, 1));
        series.keep(folder.path()).unwrap();

        let mut resumed = Series::resume(folder.path()).unwrap();
        let next = resumed.rounds.iter().position(|round| !round.is_done());
        assert_eq!((resumed.seed, next, resumed.faults_done()), (7, Some(1), 50));
        assert_eq!(resumed.rounds[1].seed, series.rounds[1].seed);
        resumed.rounds[1].tallies.push(tally(50, 0));
        assert_eq!(resumed.faults_done(), 100);
        assert!(resumed.was_red(), "what was red once stays known");
        let sums: Vec<usize> = resumed.tallies().iter().map(|(_, tally)| tally.faults()).collect();
        assert_eq!(sums, [50, 50], "of those that have begun");
    }

    #[test]
    fn what_a_round_left_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let series = Series::plan(7, 10, None, 50, None);
        let first = series.folder(folder.path(), 0);
        fs::create_dir(&first).unwrap();
        let second = series.folder(folder.path(), 0);
        assert_ne!(first, second);
        assert!(second.ends_with("01-sqlite-again-1"));
    }
}
