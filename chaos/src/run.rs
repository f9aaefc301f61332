//! A round in one arrangement: starts everything, does what was drawn, waits until all is quiet, and judges.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::account;
use crate::broker::Broker;
use crate::clock::now_ms;
use crate::database::Failed;
use crate::faults::{self, Fault};
use crate::finding::{Charge, Finding};
use crate::fleet::{Fleet, Role};
use crate::judge;
use crate::outside::Databases;
use crate::progress::Progress;
use crate::random::Random;
use crate::series::Round;
use crate::stored::Stored;
use crate::tally::{Figures, Tally};

/// What is not delivered when nothing has been for so long, after the last fault, is stuck.
const QUIET: Duration = Duration::from_secs(30);

/// How long a writer may take to end what it is at.
const ENDING: Duration = Duration::from_secs(30);

/// What a round came to.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) tally: Tally,
    /// What went wrong, if something did.
    pub(crate) account: String,
}

/// Does `round.faults` faults; ledgers and logs go to the folder.
pub(crate) fn run(
    databases: &mut Databases,
    broker: &Broker,
    round: &Round,
    like: Option<&str>,
    folder: &Path,
    progress: &mut Progress,
) -> Result<Verdict, Failed> {
    let begun = Instant::now();
    let Round { arrangement, faults: count, seed, .. } = *round;
    let mut random = Random::new(seed);
    let mut fleet = Fleet::new(databases, broker, folder, random.next())?;
    fleet.replace()?;
    wait_for_events(broker)?;

    let drawn = faults::draw(databases, broker, like, count, &mut random);
    if drawn.is_empty() {
        return Err("no fault of this arrangement is called like that".into());
    }
    let mut noted = File::options().append(true).create_new(true).open(folder.join("faults.tsv"))?;
    let mut done = Vec::new();
    for (index, fault) in drawn.iter().enumerate() {
        std::thread::sleep(Duration::from_millis(random.between(100, 900)));
        fleet.is_behind = index < count / 2;
        progress.fault(&format!("{}: {}", arrangement.name(), fault.title()));
        fleet.replace()?;
        writeln!(noted, "{}\t{}", now_ms(), fault.title())?;
        if faults::inject(*fault, &mut fleet, databases, broker, &mut random)? {
            done.push(*fault);
        } else {
            progress.say("            no process came to that point");
        }
    }
    // Until the last one who was stopped goes on.
    std::thread::sleep(Duration::from_secs(3));

    let mut troubles = fleet.end(Role::Writer, ENDING)?;
    let stored = quiet(databases, broker)?;
    troubles.extend(fleet.end(Role::Consumer, ENDING)?);
    troubles.extend(fleet.end(Role::Relay, ENDING)?);
    troubles.append(&mut fleet.fallen);
    let (deliveries, gone) = broker.at_last(folder)?;
    let (mut findings, mut figures) = judge::judge(folder, &stored, &deliveries)?;
    findings.push(Finding { name: "gone from the stream", against: gone });
    figures.refused = broker.refused();
    findings.push(Finding { name: "fallen", against: troubles.into_iter().map(Charge::from).collect() });
    findings.push(Finding {
        name: "hollow",
        against: hollow(&figures, &done, count, like).into_iter().map(Charge::from).collect(),
    });
    let account = account::of(folder, &findings, &stored)?;
    let tally = Tally {
        rounds: 1,
        faults: faults::count(&done),
        ended_at: std::mem::take(&mut fleet.ended_at),
        against: findings.iter().map(|finding| (finding.name.to_owned(), finding.against.len())).collect(),
        figures,
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok(Verdict { tally, account })
}

fn wait_for_events(broker: &Broker) -> Result<(), Failed> {
    let begun = Instant::now();
    while broker.deliveries()?.len() < 20 {
        if begun.elapsed() > QUIET {
            return Err("no event arrives, although nothing is at fault yet".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Waits until everything is delivered and taken in, or nothing moves any more. A busy machine takes its time.
fn quiet(databases: &Databases, broker: &Broker) -> Result<Stored, Failed> {
    let (mut moved, mut least) = (Instant::now(), [usize::MAX; 2]);
    loop {
        let deliveries = broker.deliveries()?;
        let stored = Stored::read(databases)?;
        let waiting = stored.waiting(&deliveries);
        if waiting.iter().zip(&least).any(|(now, least)| now < least) {
            moved = Instant::now();
            least = [0, 1].map(|of| waiting[of].min(least[of]));
        }
        if waiting == [0, 0] || moved.elapsed() > QUIET {
            return Ok(stored);
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// A run in which next to nothing happened shows next to nothing.
fn hollow(figures: &Figures, done: &[Fault], count: usize, like: Option<&str>) -> Vec<String> {
    let mut against = Vec::new();
    if done.len() * 10 < count * 9 {
        against.push(format!("{} of {count} faults came about", done.len()));
    }
    for (fault, said) in judge::TELLING {
        let times = done.iter().filter(|done| **done == fault).count();
        if times > 1 && !figures.said.contains_key(said) {
            against.push(format!("no error said `{said}`, although there was {times} times: {}", fault.words()));
        }
    }
    if figures.acknowledged < 10 * count {
        against.push(format!("{} acknowledged events for {count} faults", figures.acknowledged));
    }
    if count >= 24 && like.is_none() {
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
