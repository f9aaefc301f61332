//! The faults, drawn from the seed.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::database::Failed;
use crate::fleet::{Fleet, Role};
use crate::outside::{Databases, Engine};
use crate::random::Random;
use crate::relay::LEASE;
use crate::sink::SinkServer;
use crate::tally::Counts;

/// What is done to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    WriterKilled,
    WriterStopped,
    LeaderKilled,
    LeaderStopped,
    OtherRelayKilled,
    ConsumerKilled,
    SinkCut,
    LeaderKilledWaiting,
    DatabaseLocked,
    SessionsTerminated,
    ServerKilled,
    TransactionHeld,
    RowsLocked,
    WriterEndsAt(&'static str),
    RelayEndsAt(&'static str),
    ConsumerEndsAt(&'static str),
}

/// Points of `timestamp_repo::testing` that a writer comes to, and those of a relay and a consumer.
const WRITER_POINTS: [&str; 6] =
    ["save/before", "save/after", "store/before", "store/after", "commit/before", "commit/after"];
const RELAY_POINTS: [&str; 8] = [
    "lease/before",
    "lease/after",
    "publish/before",
    "publish/after",
    "keep/before",
    "keep/after",
    "prune/before",
    "prune/after",
];
const CONSUMER_POINTS: [&str; 3] = ["accept/after", "commit/before", "commit/after"];

const EVERYWHERE: [Fault; 8] = [
    Fault::WriterKilled,
    Fault::WriterStopped,
    Fault::LeaderKilled,
    Fault::LeaderStopped,
    Fault::OtherRelayKilled,
    Fault::ConsumerKilled,
    Fault::SinkCut,
    Fault::LeaderKilledWaiting,
];
const SQLITE: [Fault; 1] = [Fault::DatabaseLocked];
const POSTGRES: [Fault; 4] =
    [Fault::SessionsTerminated, Fault::ServerKilled, Fault::TransactionHeld, Fault::RowsLocked];

impl Fault {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::WriterEndsAt(_) => "a writer that ends at a named point",
            Self::RelayEndsAt(_) => "a relay that ends at a named point",
            Self::ConsumerEndsAt(_) => "a consumer that ends at a named point",
            Self::WriterKilled => "a writer killed (SIGKILL)",
            Self::WriterStopped => "a writer stopped and continued (SIGSTOP)",
            Self::LeaderKilled => "the leading relay killed (SIGKILL)",
            Self::LeaderStopped => "the leading relay stopped for longer than its lease (SIGSTOP)",
            Self::OtherRelayKilled => "the waiting relay killed (SIGKILL)",
            Self::ConsumerKilled => "the consumer killed (SIGKILL)",
            Self::SinkCut => "the sink cut off between taking an event and its answer",
            Self::LeaderKilledWaiting => "the leading relay killed while the sink does not answer",
            Self::DatabaseLocked => "the write lock held by another program",
            Self::SessionsTerminated => "all sessions terminated, three times (pg_terminate_backend)",
            Self::ServerKilled => "the server killed (SIGKILL) and started again",
            Self::TransactionHeld => "a transaction with a number held open, idle",
            Self::RowsLocked => "rows locked by another program",
        }
    }
}

/// Each kind in turn, in an order that is drawn anew each time, so that none is left out.
pub(crate) fn draw(engine: Engine, count: usize, random: &mut Random) -> Vec<Fault> {
    let kinds: Vec<Fault> = match engine {
        Engine::Sqlite => EVERYWHERE.iter().chain(&SQLITE).copied().collect(),
        Engine::Postgres => EVERYWHERE.iter().chain(&POSTGRES).copied().collect(),
    };
    let mut every_point: Vec<Fault> = WRITER_POINTS.map(Fault::WriterEndsAt).to_vec();
    every_point.extend(RELAY_POINTS.map(Fault::RelayEndsAt));
    every_point.extend(CONSUMER_POINTS.map(Fault::ConsumerEndsAt));
    if engine == Engine::Sqlite {
        every_point.push(Fault::WriterEndsAt("store/between"));
    }
    let (mut faults, mut points) = (Vec::new(), Vec::new());
    shuffle(&mut every_point, random);
    while faults.len() < count {
        let mut left = kinds.clone();
        while !left.is_empty() {
            let index = random.between(0, left.len() as u64);
            faults.push(left.swap_remove(usize::try_from(index).unwrap_or(0)));
        }
        // As many again at points, each of which comes in turn.
        for _ in 0..kinds.len() {
            let at = points.len();
            points.extend(every_point.get(at % every_point.len()).copied());
            faults.extend(points.last());
        }
    }
    faults.truncate(count);
    faults
}

fn shuffle(all: &mut [Fault], random: &mut Random) {
    for end in (1..all.len()).rev() {
        all.swap(end, usize::try_from(random.between(0, end as u64 + 1)).unwrap_or(0));
    }
}

pub(crate) fn count(faults: &[Fault]) -> Counts {
    let mut counts = Counts::new();
    for fault in faults {
        *counts.entry(fault.words().to_owned()).or_default() += 1;
    }
    counts
}

/// Does it, and returns whether it came about. What takes its time goes on beside the next faults.
pub(crate) fn inject(
    fault: Fault,
    fleet: &mut Fleet,
    databases: &Databases,
    sink: &SinkServer,
    random: &mut Random,
) -> Result<bool, Failed> {
    let leader = sink.leader().unwrap_or_default();
    let some_of = |fleet: &Fleet, role, random: &mut Random| {
        let names: Vec<String> = fleet.of(role).iter().map(|process| process.name.clone()).collect();
        random.pick(&names).cloned().unwrap_or_default()
    };
    match fault {
        Fault::WriterKilled => {
            let name = some_of(fleet, Role::Writer, random);
            fleet.kill(&name)?;
        }
        Fault::ConsumerKilled => {
            let name = some_of(fleet, Role::Consumer, random);
            fleet.kill(&name)?;
        }
        Fault::LeaderKilled => fleet.kill(&leader)?,
        Fault::OtherRelayKilled => {
            let other = fleet.of(Role::Relay).into_iter().find(|relay| relay.name != leader);
            let name = other.map(|relay| relay.name.clone()).unwrap_or_default();
            fleet.kill(&name)?;
        }
        Fault::WriterStopped => {
            let name = some_of(fleet, Role::Writer, random);
            let pause = Duration::from_millis(random.between(100, 1_500));
            stop_for(fleet, &name, pause)?;
        }
        Fault::LeaderStopped => {
            let pause = LEASE + Duration::from_millis(random.between(200, 1_200));
            stop_for(fleet, &leader, pause)?;
            // Whoever still believes that it leads shows it only while nobody is at the relays.
            std::thread::sleep(pause + 2 * LEASE);
        }
        Fault::WriterEndsAt(point) => {
            let name = some_of(fleet, Role::Writer, random);
            return fleet.end_at(Role::Writer, &name, point, random.between(1, 30));
        }
        Fault::RelayEndsAt(point) => {
            // The lease is asked for, and old events are deleted, only now and then.
            let times = match point {
                "publish/before" | "publish/after" => random.between(1, 60),
                "keep/before" | "keep/after" => random.between(1, 5),
                _ => 1,
            };
            return fleet.end_at(Role::Relay, &leader, point, times);
        }
        Fault::ConsumerEndsAt(point) => {
            let name = some_of(fleet, Role::Consumer, random);
            return fleet.end_at(Role::Consumer, &name, point, random.between(1, 5));
        }
        Fault::SinkCut => {
            sink.cut();
        }
        Fault::LeaderKilledWaiting => {
            sink.be_silent(Duration::from_millis(900));
            // Long enough for what was read to be waiting, and for what is known to be written down.
            std::thread::sleep(Duration::from_millis(400));
            fleet.kill(&leader)?;
            sink.hang_up();
        }
        Fault::DatabaseLocked => {
            let pause = random.between(200, 1_500);
            // `sqlite3` has no sleep, so a long statement holds the lock; how long depends on the machine.
            let sql = format!(
                "BEGIN IMMEDIATE; WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {}) SELECT \
                 count(*) FROM n; COMMIT",
                pause * 4_000
            );
            collect(databases.run_aside(&sql)?);
        }
        Fault::SessionsTerminated => {
            for _ in 0..3 {
                databases.query(
                    &databases.writers,
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND \
                     backend_type = 'client backend'",
                )?;
                std::thread::sleep(Duration::from_millis(random.between(5, 80)));
            }
        }
        Fault::ServerKilled => databases.crash()?,
        Fault::TransactionHeld => {
            let seconds = random.between(300, 2_500) as f64 / 1_000.0;
            let sql = format!("BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep({seconds}); COMMIT");
            collect(databases.run_aside(&sql)?);
        }
        Fault::RowsLocked => {
            let seconds = random.between(200, 1_800) as f64 / 1_000.0;
            let sql = format!(
                "BEGIN; SELECT FROM tasks ORDER BY updated_at_ms DESC LIMIT 6 FOR UPDATE; SELECT pg_sleep({seconds}); COMMIT"
            );
            collect(databases.run_aside(&sql)?);
        }
    }
    Ok(true)
}

fn stop_for(fleet: &Fleet, name: &str, pause: Duration) -> Result<(), Failed> {
    let Some(process) = fleet.processes.iter().find(|process| process.name == name) else { return Ok(()) };
    // By a process of its own, so that nobody stays stopped if this one ends. Where the process was killed meanwhile, the
    // last signal reaches nobody; and who is not stopped does not notice.
    let script = "trap '' INT TERM HUP; kill -STOP $1; sleep $2; kill -CONT $1";
    let pause = pause.as_secs_f64().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &process.pid().to_string(), &pause]);
    collect(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?);
    Ok(())
}

fn collect(mut child: std::process::Child) {
    std::thread::spawn(move || child.wait().is_ok());
}
