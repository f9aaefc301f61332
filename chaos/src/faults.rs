//! The faults, drawn from the seed.

use std::time::Duration;

use crate::broker::Broker;
use crate::database::Failed;
use crate::database_faults::stop_for;
use crate::fleet::{Fleet, Role};
use crate::nats_faults;
use crate::outside::{Databases, Engine};
use crate::random::Random;
use crate::relay::LEASE;
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
    NatsKilled,
    NatsFrozen,
    NatsCut,
    NatsHalfOpen,
    StreamFull,
    StreamDeleted,
    WindowExpired,
    DatabaseLocked,
    SessionsTerminated,
    ServerKilled,
    TransactionHeld,
    RowsLocked,
    IdsReversed,
    WriterKilledWaiting,
    ClientsCut,
    HalfOpen,
    RowsRefused,
    DiskFull,
    ClockJumps,
    Restored,
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

/// By how many milliseconds a clock may be wrong. Less than a day, so that no event is old enough to be deleted by it.
const JUMPS: [i64; 6] = [-3_600_000, -5_000, -700, 700, 5_000, 3_600_000];

/// Rows, so many that most of what is saved waits for one of them; and for how long, which is less than the second for
/// which a statement waits.
const MANY: usize = 60;
const LOCKED: Duration = Duration::from_millis(800);

const EVERYWHERE: [Fault; 10] = [
    Fault::WriterKilled,
    Fault::WriterStopped,
    Fault::LeaderKilled,
    Fault::LeaderStopped,
    Fault::OtherRelayKilled,
    Fault::ConsumerKilled,
    Fault::LeaderKilledWaiting,
    Fault::RowsRefused,
    Fault::ClockJumps,
    Fault::Restored,
];
/// Where the driver is the sink.
const SINK: [Fault; 1] = [Fault::SinkCut];
const NATS: [Fault; 7] = [
    Fault::NatsKilled,
    Fault::NatsFrozen,
    Fault::NatsCut,
    Fault::NatsHalfOpen,
    Fault::StreamFull,
    Fault::StreamDeleted,
    Fault::WindowExpired,
];
const SQLITE: [Fault; 1] = [Fault::DatabaseLocked];
const POSTGRES: [Fault; 8] = [
    Fault::SessionsTerminated,
    Fault::ServerKilled,
    Fault::TransactionHeld,
    Fault::RowsLocked,
    Fault::IdsReversed,
    Fault::WriterKilledWaiting,
    Fault::ClientsCut,
    Fault::HalfOpen,
];

impl Fault {
    /// Its words, with the point.
    pub(crate) fn title(self) -> String {
        match self {
            Self::WriterEndsAt(point) | Self::RelayEndsAt(point) | Self::ConsumerEndsAt(point) => {
                format!("{}: {point}", self.words())
            }
            _ => self.words().to_owned(),
        }
    }

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
            Self::NatsKilled => "NATS killed (SIGKILL) and started again",
            Self::NatsFrozen => "NATS stopped and continued (SIGSTOP)",
            Self::NatsCut => "all connections to NATS cut",
            Self::NatsHalfOpen => "all connections to NATS half-open",
            Self::StreamFull => "the stream full for a while",
            Self::StreamDeleted => "the stream deleted, and made again by the relays",
            Self::WindowExpired => "an event published again after the duplicate window",
            Self::DatabaseLocked => "the write lock held by another program",
            Self::SessionsTerminated => "all sessions terminated, three times (pg_terminate_backend)",
            Self::ServerKilled => "the server killed (SIGKILL) and started again",
            Self::TransactionHeld => "a transaction with a number held open, idle",
            Self::RowsLocked => "rows locked by another program",
            Self::IdsReversed => "transactions whose ids and commits are in opposite order",
            Self::WriterKilledWaiting => "a writer killed while its statement waits for a lock (SIGKILL)",
            Self::ClientsCut => "all clients cut off while their server processes work on",
            Self::HalfOpen => "all connections half-open for five seconds",
            Self::RowsRefused => "rows refused by a trigger (on SQLite by RAISE(ROLLBACK), which ends a whole group)",
            Self::DiskFull => "a full disk",
            Self::ClockJumps => "the clock of a process jumps, and stays wrong",
            Self::Restored => "everything killed, and moved to a backup or to another server by a dump",
        }
    }
}

/// Each kind in turn, in an order that is drawn anew each time, so that none is left out; or of those only that are called
/// like this.
pub(crate) fn draw(
    databases: &Databases,
    broker: &Broker,
    like: Option<&str>,
    count: usize,
    random: &mut Random,
) -> Vec<Fault> {
    let is_alike = |fault: &Fault| like.is_none_or(|like| fault.title().contains(like));
    let mut kinds = EVERYWHERE.to_vec();
    match broker {
        Broker::Sink(_) => kinds.extend(SINK),
        Broker::Nats(_) => kinds.extend(NATS),
    }
    let mut every_point: Vec<Fault> = WRITER_POINTS.map(Fault::WriterEndsAt).to_vec();
    every_point.extend(RELAY_POINTS.map(Fault::RelayEndsAt));
    every_point.extend(CONSUMER_POINTS.map(Fault::ConsumerEndsAt));
    match databases.engine {
        Engine::Sqlite => {
            kinds.extend(SQLITE);
            every_point.push(Fault::WriterEndsAt("store/between"));
        }
        Engine::Postgres => kinds.extend(POSTGRES),
    }
    if databases.can_fill_disk() {
        kinds.push(Fault::DiskFull);
    }
    kinds.retain(is_alike);
    every_point.retain(is_alike);
    shuffle(&mut every_point, random);
    // As many at points as others, each of which comes in turn.
    let points_in_turn = if kinds.is_empty() { every_point.len() } else { kinds.len() };
    let mut points = every_point.iter().cycle();
    let mut faults = Vec::new();
    while faults.len() < count && !(kinds.is_empty() && every_point.is_empty()) {
        shuffle(&mut kinds, random);
        faults.extend(&kinds);
        faults.extend(points.by_ref().take(points_in_turn));
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
    databases: &mut Databases,
    broker: &Broker,
    random: &mut Random,
) -> Result<bool, Failed> {
    let leader = broker.leader()?.unwrap_or_default();
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
            if let Some(process) = fleet.processes.iter().find(|process| process.name == name) {
                stop_for(process.pid(), pause(random, 100, 1_500))?;
            }
        }
        Fault::LeaderStopped => {
            let pause = LEASE + Duration::from_millis(random.between(200, 1_200));
            if let Some(process) = fleet.processes.iter().find(|process| process.name == leader) {
                stop_for(process.pid(), pause)?;
            }
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
        Fault::SinkCut => match broker {
            Broker::Sink(sink) => sink.cut(),
            Broker::Nats(_) => return Ok(false),
        },
        Fault::LeaderKilledWaiting => {
            // Long enough for what was read to be waiting, and for what is known to be written down.
            let pause = Duration::from_millis(400);
            match broker {
                Broker::Sink(sink) => {
                    sink.be_silent(Duration::from_millis(900));
                    std::thread::sleep(pause);
                    fleet.kill(&leader)?;
                    sink.hang_up();
                }
                Broker::Nats(nats) => {
                    nats.freeze()?;
                    std::thread::sleep(pause);
                    let killed = fleet.kill(&leader);
                    nats.thaw()?;
                    killed?;
                }
            }
        }
        Fault::NatsKilled
        | Fault::NatsFrozen
        | Fault::NatsCut
        | Fault::NatsHalfOpen
        | Fault::StreamFull
        | Fault::StreamDeleted
        | Fault::WindowExpired => match broker {
            Broker::Sink(_) => return Ok(false),
            Broker::Nats(nats) => return nats_faults::inject(fault, nats, fleet, &leader, random),
        },
        Fault::DatabaseLocked => databases.hold_write_lock(pause(random, 200, 1_500))?,
        Fault::SessionsTerminated => {
            for _ in 0..3 {
                databases.terminate_sessions()?;
                std::thread::sleep(pause(random, 5, 80));
            }
        }
        Fault::ServerKilled => databases.crash()?,
        Fault::TransactionHeld => databases.hold_transaction(pause(random, 300, 2_500))?,
        Fault::RowsLocked => databases.lock_rows(6, pause(random, 200, 1_800))?,
        Fault::IdsReversed => fleet.visit("reversed")?,
        Fault::WriterKilledWaiting => {
            databases.lock_rows(MANY, LOCKED)?;
            std::thread::sleep(LOCKED / 3);
            let name = some_of(fleet, Role::Writer, random);
            fleet.kill(&name)?;
        }
        Fault::ClientsCut => {
            databases.lock_rows(MANY, LOCKED)?;
            std::thread::sleep(LOCKED / 3);
            if let Some(proxy) = databases.proxy() {
                proxy.cut(2 * LOCKED);
            }
        }
        Fault::HalfOpen => {
            if let Some(proxy) = databases.proxy() {
                proxy.freeze(Duration::from_secs(5));
            }
        }
        Fault::RowsRefused => databases.refuse_rows(pause(random, 300, 1_500))?,
        Fault::DiskFull => databases.fill_disk(pause(random, 300, 1_500))?,
        Fault::ClockJumps => {
            let names: Vec<String> = fleet.processes.iter().map(|process| process.name.clone()).collect();
            let name = random.pick(&names).cloned().unwrap_or_default();
            let by = random.pick(&JUMPS).copied().unwrap_or_default();
            fleet.move_clock(&name, by)?;
        }
        Fault::Restored => {
            fleet.kill_all()?;
            databases.restore()?;
            fleet.replace()?;
        }
    }
    Ok(true)
}

fn pause(random: &mut Random, low: u64, high: u64) -> Duration {
    Duration::from_millis(random.between(low, high))
}
