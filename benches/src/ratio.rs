//! Ratios of two ways to do the same, measured in turns in one process.
//!
//! On a machine that does other work too, two runs differ by more than the goals allow for. So each round runs every
//! way once, in changing order, and gives one ratio; the median over many rounds is what is reported.

use std::fmt;
use std::time::{Duration, Instant};

/// What a ratio should be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// At most this.
    AtMost(f64),
    /// There is no goal; the ratio is for comparison.
    Reported,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub struct Ratio {
    /// What was measured.
    pub subject: String,
    /// What it was compared with.
    pub baseline: String,
    /// The median time of the subject in nanoseconds per operation.
    pub nanos: f64,
    /// The median time of the baseline in nanoseconds per operation.
    pub baseline_nanos: f64,
    /// The median of the rounds' ratios.
    pub ratio: f64,
    /// Between these two lies the middle half of the rounds' ratios.
    pub spread: (f64, f64),
    /// What the ratio should be.
    pub goal: Goal,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let goal = match self.goal {
            Goal::AtMost(most) => format!("<= {most:.2}"),
            Goal::Reported => "-".to_owned(),
        };
        let verdict = match self.goal {
            Goal::AtMost(most) if self.ratio <= most => "met".to_owned(),
            Goal::AtMost(most) => format!("missed by {:.2}", self.ratio - most),
            Goal::Reported => "-".to_owned(),
        };
        let (subject, baseline) = (&self.subject, &self.baseline);
        let (nanos, baseline_nanos, ratio, (low, high)) = (self.nanos, self.baseline_nanos, self.ratio, self.spread);
        write!(f, "| {subject} | {nanos:.1} | {baseline} | {baseline_nanos:.1} | ")?;
        write!(f, "{ratio:.2} | {low:.2} to {high:.2} | {goal} | {verdict} |")
    }
}

/// The heading that goes above the rows.
pub const HEADING: &str = "| what | ns | against | ns | ratio | middle half | goal | verdict |\n\
    |---|---:|---|---:|---:|---:|---:|---|";

/// Runs a whole batch of operations and returns how long it took and how many they were. Setting up and tearing down is
/// its own affair, outside the time it returns.
pub type Batch<'a> = Box<dyn FnMut() -> (Duration, u32) + 'a>;

/// Returns a batch that times `operation` over `count` repetitions.
pub fn repeated<'a, T>(count: u32, mut operation: impl FnMut(usize) -> T + 'a) -> Batch<'a> {
    Box::new(move || {
        let start = Instant::now();
        for index in 0..count as usize {
            std::hint::black_box(operation(index));
        }
        (start.elapsed(), count)
    })
}

/// Several ways to do the same; the last one added is the baseline of all before it.
#[derive(Default)]
pub struct Comparison<'a> {
    ways: Vec<(String, Goal, Batch<'a>)>,
}

impl fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ways.iter().map(|(name, ..)| name)).finish()
    }
}

impl<'a> Comparison<'a> {
    /// Returns a comparison of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a way to do it, and what its ratio to the baseline should be.
    #[must_use]
    pub fn way(mut self, name: impl Into<String>, goal: Goal, batch: Batch<'a>) -> Self {
        self.ways.push((name.into(), goal, batch));
        self
    }

    /// Adds the baseline, measures all, and prints the rows at once: a run that is cut keeps what it has measured.
    ///
    /// # Panics
    ///
    /// If there are no rounds.
    #[expect(clippy::print_stdout, reason = "the table is the output of the program that compares")]
    pub fn against(mut self, baseline: impl Into<String>, batch: Batch<'a>, rounds: u32) -> Vec<Ratio> {
        self.ways.push((baseline.into(), Goal::Reported, batch));
        let count = self.ways.len();
        let mut times: Vec<Vec<f64>> = vec![vec![]; count];
        // The first rounds fill caches and wake the processor; they do not count.
        let warm_up = rounds / 10 + 1;
        for round in 0..rounds + warm_up {
            for step in 0..count {
                let way = (step + round as usize) % count;
                let (elapsed, operations) = (self.ways[way].2)();
                if round >= warm_up {
                    times[way].push(elapsed.as_secs_f64() * 1e9 / f64::from(operations));
                }
            }
        }
        let floors = times.pop().expect("the baseline was added above");
        let (baseline, ..) = self.ways.pop().expect("the baseline was added above");
        let row = |((subject, goal, _), times): ((String, Goal, Batch<'a>), Vec<f64>)| {
            let ratios = sorted(times.iter().zip(&floors).map(|(time, floor)| time / floor).collect());
            Ratio {
                subject,
                baseline: baseline.clone(),
                ratio: ratios[ratios.len() / 2],
                spread: (ratios[ratios.len() / 4], ratios[ratios.len() * 3 / 4]),
                nanos: median(times),
                baseline_nanos: median(floors.clone()),
                goal,
            }
        };
        let rows: Vec<Ratio> = self.ways.into_iter().zip(times).map(row).collect();
        rows.iter().for_each(|row| println!("{row}"));
        rows
    }
}

fn median(values: Vec<f64>) -> f64 {
    let values = sorted(values);
    values[values.len() / 2]
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}
