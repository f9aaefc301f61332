//! NATS as the driver sees it: started by `scripts/services`, and read with a client of the driver's own, message by
//! message, never with the code under test.

use std::collections::HashSet;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{self, Context, ErrorCode};
use futures_util::StreamExt as _;
use tokio::runtime::Runtime;

use crate::database::Failed;
use crate::finding::Charge;
use crate::ledger::Event;
use crate::outside::{self, Service};
use crate::proxy::Proxy;
use crate::sink::Delivery;

pub(crate) const STREAM: &str = "EVENTS";

/// For so long the stream drops an event that it has. Shorter than a lease, so that what a relay publishes that takes over
/// is in the stream twice, and long enough for a relay that has lost its connection and publishes again.
pub(crate) const WINDOW: Duration = Duration::from_millis(500);

/// How long a server may be away that is read.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server, and what was seen in its stream.
#[derive(Debug)]
pub(crate) struct NatsServer {
    /// Where the server is.
    url: String,
    /// What leads the processes under test there.
    pub(crate) proxy: Proxy,
    services: PathBuf,
    runtime: Runtime,
    context: Context,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What streams held that were deleted since.
    before: Vec<Delivery>,
    /// What the stream holds, as far as it was read. The first one has the sequence 1, and none is ever removed.
    now: Vec<Delivery>,
}

impl NatsServer {
    /// `servers` is a folder that whoever gave it removes at last.
    pub(crate) fn start(servers: Option<&Path>) -> Result<Self, Failed> {
        let servers = match servers {
            Some(servers) => servers.to_owned(),
            None => tempfile::Builder::new().prefix("chaos-").tempdir()?.keep(),
        };
        let services = servers.join("nats");
        let url = outside::services_up(&services, Service::Nats)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let context = runtime.block_on(connect(&url))?;
        let proxy = Proxy::start(address(&url))?;
        Ok(Self { url, proxy, services, runtime, context, seen: Mutex::default() })
    }

    /// For the processes under test.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.proxy.address)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what has come since it was read last.
    fn read(&self) -> Result<MutexGuard<'_, Seen>, Failed> {
        let mut seen = self.seen();
        self.runtime.block_on(patiently(async || {
            if let Some(mut stream) = stream(&self.context).await? {
                read_from(&mut stream, &mut seen.now).await?;
            }
            Ok(())
        }))?;
        Ok(seen)
    }

    pub(crate) fn deliveries(&self) -> Result<Vec<Delivery>, Failed> {
        let seen = self.read()?;
        Ok(seen.before.iter().chain(&seen.now).cloned().collect())
    }

    pub(crate) fn leader(&self) -> Result<Option<String>, Failed> {
        let seen = self.read()?;
        Ok(seen.now.last().or(seen.before.last()).map(|delivery| delivery.relay.clone()))
    }

    /// What all streams have held. The one that is there is read once more, from its begin and over a connection of its
    /// own; what is not there any more, also if only the consumer has seen it, speaks against the server. It is noted beside the ledgers, as the sink does.
    pub(crate) fn at_last(&self, folder: &Path) -> Result<(Vec<Delivery>, Vec<Charge>), Failed> {
        let mut held = Vec::new();
        self.runtime.block_on(patiently(async || {
            held.clear();
            if let Some(mut stream) = stream(&connect(&self.url).await?).await? {
                read_from(&mut stream, &mut held).await?;
            }
            Ok(())
        }))?;
        let mut seen = self.seen();
        let is_there = |(index, was): (usize, &Delivery)| {
            held.get(index).is_some_and(|is| is.event_id == was.event_id && is.at == was.at)
        };
        let gone = seen.now.iter().enumerate().filter(|at| !is_there(*at));
        let gone = gone.map(|(index, was)| {
            let words = format!("message {} with the event {}", index + 1, was.event_id);
            Charge::about(was.event.id, words)
        });
        let mut gone: Vec<Charge> = gone.collect();
        let mut all = std::mem::take(&mut seen.before);
        all.extend(held);
        let lines: String = all.iter().enumerate().map(|(number, delivery)| delivery.line(number)).collect();
        std::fs::write(folder.join("deliveries.tsv"), lines)?;
        let known: HashSet<String> = all.iter().map(|delivery| delivery.event_id.to_string()).collect();
        let given = std::fs::read_to_string(folder.join("consumer.place")).unwrap_or_default();
        let unknown = given.lines().filter(|event_id| !known.contains(*event_id));
        gone.extend(unknown.map(|event_id| Charge::from(format!("event {event_id}, which the consumer was given"))));
        Ok((all, gone))
    }

    /// Kills the server with SIGKILL, and starts it again on its data.
    pub(crate) fn crash(&self) -> Result<(), Failed> {
        self.signal("-KILL")?;
        // While the dying process still has its port, the next one would be given another.
        let begun = Instant::now();
        while TcpStream::connect(address(&self.url)).is_ok() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let url = outside::services_up(&self.services, Service::Nats)?;
        if url == self.url { Ok(()) } else { Err(format!("NATS is at {url} now, and was at {}", self.url).into()) }
    }

    /// Stops its work without ending it. It takes no message and gives no answer until [`thaw`](Self::thaw).
    pub(crate) fn freeze(&self) -> Result<(), Failed> {
        self.signal("-STOP")
    }

    pub(crate) fn thaw(&self) -> Result<(), Failed> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<(), Failed> {
        let home = self.services.join("nats").canonicalize()?;
        let is_server = |process: &PathBuf| {
            let is_in = |name: &str| std::fs::read_link(process.join(name)).unwrap_or_default();
            is_in("cwd") == home && is_in("exe").file_name().is_some_and(|name| name == "nats-server")
        };
        let processes = std::fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
        let pids = processes.filter(is_server).filter_map(|process| Some(process.file_name()?.to_str()?.to_owned()));
        outside::output(Command::new("kill").arg(signal).args(pids))?;
        Ok(())
    }

    /// Takes nothing new for a while: the stream is as full as it may be. Returns whether it was there.
    pub(crate) fn fill(&self, pause: Duration) -> Result<bool, Failed> {
        let is_there = self.limit(1)?;
        std::thread::sleep(pause);
        self.limit(-1)?;
        Ok(is_there)
    }

    /// Deletes the stream with all that it holds. Before that it takes nothing new for a moment, in which it is read to its
    /// end, so that it is known what is lost with it. Returns whether it was there.
    ///
    /// While somebody listens to the subjects, publishers are not told that the stream is gone.
    pub(crate) fn delete_stream(&self, somebody_listens: Option<Duration>) -> Result<bool, Failed> {
        if let Some(pause) = somebody_listens {
            let client = self.context.client();
            let listens = self.runtime.block_on(client.subscribe("events.>"))?;
            self.runtime.spawn(async move {
                tokio::time::sleep(pause).await;
                drop(listens);
            });
        }
        let is_there = self.limit(1)?;
        let mut seen = self.read()?;
        self.runtime.block_on(self.context.delete_stream(STREAM))?;
        let lost = std::mem::take(&mut seen.now);
        seen.before.extend(lost.into_iter().map(|delivery| Delivery { is_gone: true, ..delivery }));
        Ok(is_there)
    }

    /// Sets how many messages the stream may hold. Those that it has stay: it refuses new ones when it is full.
    fn limit(&self, max_messages: i64) -> Result<bool, Failed> {
        self.runtime.block_on(patiently(async || {
            let Some(stream) = stream(&self.context).await? else { return Ok(false) };
            let config = Config { max_messages, ..stream.cached_info().config.clone() };
            self.context.update_stream(config).await?;
            Ok(true)
        }))
    }

    /// Waits until the stream holds more than this. Returns whether it does.
    pub(crate) fn waits_for_more(&self, than: usize, patience: Duration) -> Result<bool, Failed> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if self.deliveries()?.len() > than {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(false)
    }

    /// Waits until there are more duplicates in the stream than there were. Returns whether there are.
    pub(crate) fn waits_for_duplicates(&self, before: usize, patience: Duration) -> Result<bool, Failed> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if self.duplicates()? > before {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(false)
    }

    /// How many messages bring an event that an earlier one has brought.
    pub(crate) fn duplicates(&self) -> Result<usize, Failed> {
        let all = self.deliveries()?;
        let distinct: HashSet<_> = all.iter().map(|delivery| delivery.event_id).collect();
        Ok(all.len() - distinct.len())
    }

    /// Keeps the server's log beside the ledgers.
    pub(crate) fn dump(&self, folder: &Path) -> Result<(), Failed> {
        std::fs::copy(self.services.join("nats/log"), folder.join("nats.log"))?;
        Ok(())
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.thaw();
        outside::services_down(&self.services);
    }
}

/// The host and the port of a URL.
fn address(url: &str) -> &str {
    url.trim_start_matches("nats://")
}

async fn connect(url: &str) -> Result<Context, Failed> {
    let mut context = jetstream::new(async_nats::connect(url).await?);
    context.set_timeout(Duration::from_secs(2));
    Ok(context)
}

async fn stream(context: &Context) -> Result<Option<Stream>, Failed> {
    match context.get_stream(STREAM).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            _ => Err(error.into()),
        },
    }
}

/// Adds what the stream holds beyond what was read. Of messages that are gone, there is nothing to add.
async fn read_from(stream: &mut Stream, read: &mut Vec<Delivery>) -> Result<(), Failed> {
    let state = stream.info().await?.state.clone();
    if state.messages > 0 && state.first_sequence != 1 {
        return Err(format!("the stream begins with message {}", state.first_sequence).into());
    }
    // Read one after the other, they would be slower than the relays.
    let missing = futures_util::stream::iter(read.len() as u64 + 1..=state.last_sequence);
    let mut messages = missing.map(|sequence| stream.get_raw_message(sequence)).buffered(64);
    while let Some(message) = messages.next().await {
        read.push(delivery(&message?).ok_or("a message is no event")?);
    }
    Ok(())
}

fn delivery(message: &StreamMessage) -> Option<Delivery> {
    let header = |name: &str| message.headers.get(name).map(|value| value.as_str());
    let said: serde_json::Value = serde_json::from_slice(&message.payload).ok()?;
    let token = said.get("reason").and_then(serde_json::Value::as_str).unwrap_or("").to_owned();
    let event = Event { id: header("ce-subject")?.parse().ok()?, version: header("ce-sequence")?.parse().ok()?, token };
    Some(Delivery {
        event,
        event_id: header("ce-id")?.parse().ok()?,
        kind: header("ce-type")?.rsplit_once('.')?.1.to_owned(),
        relay: header("ce-source")?.trim_start_matches('/').to_owned(),
        at: i64::try_from(message.time.unix_timestamp_nanos() / 1_000_000).ok()?,
        is_gone: false,
    })
}

/// The server may be starting.
async fn patiently<T>(mut attempt: impl AsyncFnMut() -> Result<T, Failed>) -> Result<T, Failed> {
    let begun = Instant::now();
    loop {
        match attempt().await {
            Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
            answer => return answer,
        }
    }
}
