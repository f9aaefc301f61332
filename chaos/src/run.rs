//! A run on one database: starts everything, does what was drawn, waits until all is quiet, and judges.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::database::Failed;
use crate::faults::{self, Fault};
use crate::fleet::{Fleet, Role};
use crate::judge::{self, Figures, Finding, Stored};
use crate::outside::{Databases, Engine};
use crate::random::Random;
use crate::sink::SinkServer;

/// What is not delivered this long after the last fault is stuck.
const QUIET: Duration = Duration::from_secs(30);

/// How long a writer may take to end what it is at.
const ENDING: Duration = Duration::from_secs(30);

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) engine: Engine,
    pub(crate) faults: Vec<Fault>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) figures: Figures,
    pub(crate) refused: u64,
    /// How many processes ended at each point.
    pub(crate) ended_at: BTreeMap<&'static str, usize>,
    pub(crate) took: Duration,
}

impl Verdict {
    pub(crate) fn is_green(&self) -> bool {
        self.findings.iter().all(|finding| finding.against.is_empty())
    }
}

pub(crate) fn run(databases: &Databases, count: usize, seed: u64, folder: &Path) -> Result<Verdict, Failed> {
    let begun = Instant::now();
    let engine = databases.engine;
    let sink = SinkServer::start(&folder.join("deliveries.tsv"), seed ^ 1)?;
    let mut random = Random::new(seed);
    let mut fleet = Fleet::new(databases, folder, sink.address.clone(), random.next());
    fleet.replace()?;
    wait_for_events(&sink)?;

    let drawn = faults::draw(engine, count, &mut random);
    let mut done = Vec::new();
    for (index, fault) in drawn.iter().enumerate() {
        std::thread::sleep(Duration::from_millis(random.between(100, 900)));
        fleet.is_behind = index < count / 2;
        println!("{:>4}/{count}  {}: {}", index + 1, engine.name(), fault.words());
        fleet.replace()?;
        if faults::inject(*fault, &mut fleet, databases, &sink, &mut random)? {
            done.push(*fault);
        } else {
            println!("           no process came to that point");
        }
    }
    // Until the last one who was stopped goes on.
    std::thread::sleep(Duration::from_secs(3));

    let mut troubles = fleet.end(Role::Writer, ENDING)?;
    let stored = quiet(databases, &sink)?;
    troubles.extend(fleet.end(Role::Consumer, ENDING)?);
    troubles.extend(fleet.end(Role::Relay, ENDING)?);
    troubles.append(&mut fleet.fallen);
    let (mut findings, figures) = judge::judge(folder, &stored, &sink.deliveries())?;
    findings.push(Finding { promise: "No process ends by itself", name: "fallen", against: troubles });
    findings.push(Finding {
        promise: "There was something to judge",
        name: "hollow",
        against: hollow(&figures, done.len(), count),
    });
    let (refused, ended_at) = (sink.refused(), std::mem::take(&mut fleet.ended_at));
    Ok(Verdict { engine, faults: done, findings, figures, refused, ended_at, took: begun.elapsed() })
}

fn wait_for_events(sink: &SinkServer) -> Result<(), Failed> {
    let begun = Instant::now();
    while sink.deliveries().len() < 20 {
        if begun.elapsed() > QUIET {
            return Err("no event arrives, although nothing is at fault yet".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Waits until everything is delivered and taken in, or the time is up.
fn quiet(databases: &Databases, sink: &SinkServer) -> Result<Stored, Failed> {
    let begun = Instant::now();
    loop {
        let deliveries = sink.deliveries();
        let stored = Stored::read(databases)?;
        if stored.waiting(&deliveries) == [0, 0] || begun.elapsed() > QUIET {
            return Ok(stored);
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// A run in which next to nothing happened shows next to nothing.
fn hollow(figures: &Figures, done: usize, count: usize) -> Vec<String> {
    let mut against = Vec::new();
    if done * 10 < count * 9 {
        against.push(format!("{done} of {count} faults came about"));
    }
    if figures.acknowledged < 10 * count {
        against.push(format!("{} acknowledged events for {count} faults", figures.acknowledged));
    }
    if count >= 24 {
        if figures.duplicates == 0 {
            against.push("no event was delivered twice, although relays were killed".to_owned());
        }
        for end in ["cut off", "dropped", "not-stored"] {
            if !figures.ends.contains_key(end) {
                against.push(format!("no save was {end}"));
            }
        }
    }
    against
}
