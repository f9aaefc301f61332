//! The relay, with a sink that hands events to the driver over TCP, or with the one for NATS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use timestamp_repo::{CloudEventSource, Nats, NatsStream, Relay as EventRelay, Sink, SinkError, StoredEvent};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Mutex as AsyncMutex, oneshot};
use uuid::Uuid;

use crate::clock::MovedClock;
use crate::database::{Database, Failed};
use crate::jetstream::{STREAM, WINDOW};
use crate::role;

/// What NATS does not acknowledge within this time is published again.
pub(crate) const PUBLISHED_WITHIN: Duration = Duration::from_secs(2);

/// Another relay leads after this time without a sign of life.
pub(crate) const LEASE: Duration = Duration::from_millis(900);

#[derive(clap::Args, Debug)]
pub(crate) struct Relay {
    #[arg(long)]
    url: String,
    #[arg(long)]
    name: String,
    /// Where the driver takes events, or the URL of NATS.
    #[arg(long)]
    sink: String,
    #[command(flatten)]
    clock: MovedClock,
}

impl Relay {
    pub(crate) async fn run<S: Database>(self) -> Result<(), Failed> {
        let store = S::open(&self.url, &self.clock.start()).await?;
        if !self.sink.starts_with("nats://") {
            return lead(store, TcpSink { address: self.sink, name: self.name, line: AsyncMutex::new(None) }).await;
        }
        // The source says which relay it was.
        let options = Nats::options()
            .source(CloudEventSource::new(format!("/{}", self.name))?)
            .create_stream(NatsStream::new(STREAM).duplicate_window(WINDOW))
            .publish_timeout(PUBLISHED_WITHIN)
            .connect_later();
        lead(store, options.connect(&self.sink).await?).await
    }
}

async fn lead<S: Database, K: Sink>(store: S, sink: K) -> Result<(), Failed> {
    let relay = EventRelay::new(store, sink)
        .window(64)
        .lease(LEASE)
        .delivery_timeout(2 * PUBLISHED_WITHIN)
        .poll_every(Duration::from_millis(20))
        .attempts(50)
        .retention(Duration::from_secs(24 * 60 * 60))?
        .start();
    let mut stop = role::stopped();
    let _ = stop.wait_for(|stop| *stop).await;
    relay.stop().await?;
    Ok(())
}

type Waiting = Arc<Mutex<Option<HashMap<Uuid, oneshot::Sender<bool>>>>>;

struct TcpSink {
    address: String,
    name: String,
    line: AsyncMutex<Option<Line>>,
}

/// A connection. Once it is broken, nobody can wait for an answer on it any more.
struct Line {
    half: OwnedWriteHalf,
    waiting: Waiting,
}

impl Sink for TcpSink {
    async fn deliver(&self, event: Arc<StoredEvent>) -> Result<(), SinkError> {
        let answer = self.send(&event).await.map_err(SinkError::unavailable)?;
        match answer.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(SinkError::refused("not now")),
            Err(_) => Err(SinkError::unavailable("the connection broke")),
        }
    }
}

impl TcpSink {
    async fn send(&self, event: &StoredEvent) -> Result<oneshot::Receiver<bool>, Failed> {
        let mut line = self.line.lock().await;
        if line.as_ref().is_none_or(|line| line.waiting.lock().is_ok_and(|waiting| waiting.is_none())) {
            *line = Some(self.connect().await?);
        }
        let Some(open) = line.as_mut() else { return Err("no connection".into()) };
        let (answer, answered) = oneshot::channel();
        match open.waiting.lock() {
            Ok(mut waiting) => match waiting.as_mut() {
                Some(waiting) => waiting.insert(event.id, answer),
                None => return Err("the connection broke".into()),
            },
            Err(_) => return Err("the connection broke".into()),
        };
        let StoredEvent { id, entity_id, version, kind, seq, .. } = event;
        let token = event.reason.as_deref().unwrap_or("");
        let text = format!("{entity_id}\t{version}\t{token}\t{kind}\t{id}\t{seq}\n");
        if let Err(error) = open.half.write_all(text.as_bytes()).await {
            *line = None;
            return Err(error.into());
        }
        Ok(answered)
    }

    async fn connect(&self) -> Result<Line, Failed> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (read, mut half) = stream.into_split();
        half.write_all(format!("{}\n", self.name).as_bytes()).await?;
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        tokio::spawn(answers(read, Arc::clone(&waiting)));
        Ok(Line { half, waiting })
    }
}

async fn answers(read: OwnedReadHalf, waiting: Waiting) {
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Some((id, answer)) = line.split_once(' ') else { break };
        let Ok(id) = id.parse() else { break };
        let Ok(mut waiting) = waiting.lock() else { break };
        if let Some(waits) = waiting.as_mut().and_then(|waiting| waiting.remove(&id)) {
            let _ = waits.send(answer == "ok");
        }
    }
    if let Ok(mut waiting) = waiting.lock() {
        *waiting = None;
    }
}
