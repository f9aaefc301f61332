//! The processes under test: started, killed, stopped, and replaced.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::broker::Broker;
use crate::database::Failed;
use crate::disk::Entrance;
use crate::outside::{Databases, Engine};
use crate::tally::Counts;

const WRITERS: usize = 3;
const RELAYS: usize = 2;

/// How long is waited for a process to come to its point.
const POINT: Duration = Duration::from_secs(15);

/// SIGABRT, by which a process ends at a point.
const ABORTED: i32 = 6;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Relay,
    Consumer,
}

/// A process, until somebody ends it.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) role: Role,
    pub(crate) name: String,
    child: Child,
    /// The point at which it is to end by itself.
    point: Option<&'static str>,
}

impl Process {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// All processes of a run.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) processes: Vec<Process>,
    folder: PathBuf,
    urls: [String; 2],
    entrance: Entrance,
    engine: Engine,
    /// Where relays find the broker, and where the consumer does.
    broker: (String, Option<String>),
    seed: u64,
    started: u64,
    /// Writers that are started now work by a clock that is two days behind.
    pub(crate) is_behind: bool,
    /// Processes that ended and that nobody had killed.
    pub(crate) fallen: Vec<String>,
    /// How many processes ended at each point where they were to end.
    pub(crate) ended_at: Counts,
}

impl Fleet {
    pub(crate) fn new(databases: &Databases, broker: &Broker, folder: &Path, seed: u64) -> Result<Self, Failed> {
        Ok(Self {
            processes: Vec::new(),
            folder: folder.to_owned(),
            urls: databases.for_processes()?,
            entrance: databases.entrance(),
            engine: databases.engine,
            broker: (broker.for_relays(), broker.for_consumers()),
            seed,
            started: 0,
            is_behind: true,
            fallen: Vec::new(),
            ended_at: Counts::new(),
        })
    }

    /// Starts what is missing, and notes what has ended by itself.
    pub(crate) fn replace(&mut self) -> Result<(), Failed> {
        let Self { processes, fallen, ended_at, .. } = self;
        processes.retain_mut(|process| match process.child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) if status.signal() == Some(ABORTED) && process.point.is_some() => {
                *process.point.map_or(&mut 0, |point| ended_at.entry(point.to_owned()).or_default()) += 1;
                false
            }
            Ok(Some(status)) => {
                fallen.push(format!("{}: {status}", process.name));
                false
            }
            Err(error) => {
                fallen.push(format!("{}: {error}", process.name));
                false
            }
        });
        for (role, count) in [(Role::Writer, WRITERS), (Role::Relay, RELAYS), (Role::Consumer, 1)] {
            for _ in self.processes.iter().filter(|process| process.role == role).count()..count {
                self.start(role, None)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, role: Role, point: Option<(&'static str, u64)>) -> Result<(), Failed> {
        self.started += 1;
        let number = self.started;
        let kind = match role {
            Role::Writer => "writer",
            Role::Relay => "relay",
            Role::Consumer => "consumer",
        };
        let name = format!("{}{number}", &kind[..1]);
        let mut command = self.entrance.command(std::env::current_exe()?);
        command.args([kind, "--engine", self.engine.argument()]).arg("--clock").arg(self.clock_of(&name));
        command.arg("--url").arg(if role == Role::Consumer { &self.urls[1] } else { &self.urls[0] });
        match role {
            Role::Writer => {
                command.arg("--name").arg(&name).arg("--ledger").arg(self.folder.join(format!("{name}.ledger")));
                command.arg("--seed").arg(self.seed.wrapping_add(number << 16).to_string());
                command.arg("--run-seed").arg(self.seed.to_string());
                if self.is_behind {
                    command.arg("--behind");
                }
            }
            Role::Relay => {
                command.arg("--name").arg(&name).arg("--sink").arg(&self.broker.0);
            }
            Role::Consumer => {
                match &self.broker.1 {
                    Some(nats) => command.arg("--nats").arg(nats),
                    None => command.arg("--deliveries").arg(self.folder.join("deliveries.tsv")),
                };
                command.arg("--place").arg(self.folder.join("consumer.place"));
            }
        }
        if let Some((point, times)) = point {
            command.env("TIMESTAMP_TEST_ABORT_AT", format!("{point}:{times}"));
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(self.log_of(&name)?).spawn()?;
        self.processes.push(Process { role, name, child, point: point.map(|(point, _)| point) });
        Ok(())
    }

    fn log_of(&self, name: &str) -> Result<File, Failed> {
        Ok(File::create(self.folder.join(format!("{name}.log")))?)
    }

    fn clock_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.clock"))
    }

    /// Has the clock of a process jump, and be wrong from then on.
    pub(crate) fn move_clock(&self, name: &str, milliseconds: i64) -> Result<(), Failed> {
        Ok(std::fs::write(self.clock_of(name), milliseconds.to_string())?)
    }

    /// Runs a process of a kind that does its work and ends, and waits for it.
    pub(crate) fn visit(&mut self, kind: &str) -> Result<(), Failed> {
        self.started += 1;
        let name = format!("{}{}", &kind[..1], self.started);
        let mut command = self.entrance.command(std::env::current_exe()?);
        command.args([kind, "--engine", self.engine.argument(), "--url", &self.urls[0], "--name", &name]);
        command.arg("--ledger").arg(self.folder.join(format!("{name}.ledger")));
        command.arg("--clock").arg(self.clock_of(&name));
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(self.log_of(&name)?).status()?;
        if !status.success() {
            self.fallen.push(format!("{name}: {status}"));
        }
        Ok(())
    }

    /// Kills every process with SIGKILL.
    pub(crate) fn kill_all(&mut self) -> Result<(), Failed> {
        for name in self.processes.iter().map(|process| process.name.clone()).collect::<Vec<_>>() {
            self.remove(&name)?;
        }
        Ok(())
    }

    /// Kills a process with SIGKILL, starts one in its place that ends by itself when it comes to a point for the so many
    /// times, and waits until it has. Of relays, all are killed, so that the new one leads. Returns whether it came there.
    pub(crate) fn end_at(&mut self, role: Role, name: &str, point: &'static str, times: u64) -> Result<bool, Failed> {
        let names: Vec<String> = match role {
            Role::Relay => self.of(role).iter().map(|process| process.name.clone()).collect(),
            Role::Writer | Role::Consumer => vec![name.to_owned()],
        };
        for name in names {
            self.remove(&name)?;
        }
        self.start(role, Some((point, times)))?;
        let begun = Instant::now();
        let mut has_ended = false;
        while !has_ended && begun.elapsed() < POINT {
            std::thread::sleep(Duration::from_millis(10));
            has_ended = match self.processes.last_mut() {
                Some(process) => process.child.try_wait()?.is_some(),
                None => true,
            };
        }
        self.replace()?;
        Ok(has_ended)
    }

    /// Kills a process with SIGKILL, and replaces it.
    pub(crate) fn kill(&mut self, name: &str) -> Result<(), Failed> {
        self.remove(name)?;
        self.replace()
    }

    fn remove(&mut self, name: &str) -> Result<(), Failed> {
        if let Some(index) = self.processes.iter().position(|process| process.name == name) {
            let mut process = self.processes.remove(index);
            process.child.kill()?;
            process.child.wait()?;
        }
        Ok(())
    }

    pub(crate) fn of(&self, role: Role) -> Vec<&Process> {
        self.processes.iter().filter(|process| process.role == role).collect()
    }

    /// Asks the processes of a role to end, and waits for them. Returns those that do not, and kills them.
    pub(crate) fn end(&mut self, role: Role, patience: Duration) -> Result<Vec<String>, Failed> {
        let mut problems = Vec::new();
        let (mut ending, others) = self.processes.drain(..).partition(|process| process.role == role);
        self.processes = others;
        for process in &mut ending {
            drop(process.child.stdin.take());
        }
        let begun = Instant::now();
        for mut process in ending {
            loop {
                if let Some(status) = process.child.try_wait()? {
                    if status.signal() == Some(ABORTED)
                        && let Some(point) = process.point
                    {
                        *self.ended_at.entry(point.to_owned()).or_default() += 1;
                    } else if !status.success() {
                        problems.push(format!("{}: {status}", process.name));
                    }
                    break;
                }
                if begun.elapsed() > patience {
                    process.child.kill()?;
                    process.child.wait()?;
                    problems.push(format!("{} did not end within {patience:?}", process.name));
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(problems)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}
