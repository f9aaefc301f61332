//! Where the consumer reads: what the driver's sink has written down, or NATS.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Config, Stream as Arriving};
use async_nats::jetstream::{self, Context, Message};
use futures_util::StreamExt as _;
use uuid::Uuid;

use crate::database::Failed;
use crate::jetstream::STREAM;

/// Events that are taken in together.
const TOGETHER: usize = 50;

/// What was read and is not acknowledged comes again after this time.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// For so long a message is waited for, and the next one after it.
const FIRST: Duration = Duration::from_millis(300);
const NEXT: Duration = Duration::from_millis(20);

/// The server shows that it is there this often.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long a server that may be away is asked for the consumer.
const ASKED: Duration = Duration::from_secs(3);

/// What the sink has written down, line by line.
#[derive(Debug)]
pub(crate) struct Lines {
    deliveries: PathBuf,
    /// How far it has read: what it acknowledges.
    place_file: PathBuf,
    place: u64,
    read: u64,
}

impl Lines {
    pub(crate) fn new(deliveries: PathBuf, place_file: PathBuf) -> Self {
        let place = std::fs::read_to_string(&place_file).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        Self { deliveries, place_file, place, read: 0 }
    }

    /// The events of whole lines.
    fn next(&mut self) -> Result<Vec<Uuid>, Failed> {
        self.read = 0;
        let Ok(mut file) = File::open(&self.deliveries) else { return Ok(Vec::new()) };
        file.seek(SeekFrom::Start(self.place))?;
        let mut bytes = Vec::new();
        file.take(200 * TOGETHER as u64).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut events = Vec::new();
        for line in text.split_inclusive('\n').take(TOGETHER).filter(|line| line.ends_with('\n')) {
            self.read += line.len() as u64;
            let id = line.trim_end().split('\t').nth(6).ok_or("a line of the sink's ledger has no event id")?;
            events.push(id.parse()?);
        }
        Ok(events)
    }

    fn acknowledge(&mut self) -> Result<(), Failed> {
        self.place += self.read;
        // Not in one step on the disk, but the kernel keeps what a killed process has written.
        let new = self.place_file.with_extension("new");
        std::fs::write(&new, self.place.to_string())?;
        std::fs::rename(&new, &self.place_file)?;
        Ok(())
    }
}

/// A pull consumer of JetStream, by the client alone.
pub(crate) struct Pull {
    context: Context,
    /// Gone with the stream, when that is deleted, and with the connection.
    arriving: Option<Arriving>,
    messages: Vec<Message>,
    /// Each event that came, as often as it came.
    ledger: File,
}

impl Pull {
    pub(crate) async fn new(url: &str, ledger: PathBuf) -> Result<Self, Failed> {
        let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await?;
        let ledger = File::options().create(true).append(true).open(ledger)?;
        Ok(Self { context: jetstream::new(client), arriving: None, messages: Vec::new(), ledger })
    }

    /// Waits for messages, but neither long nor for a server that is away.
    async fn next(&mut self) -> Result<Vec<Uuid>, Failed> {
        self.messages.clear();
        if self.arriving.is_none() {
            match tokio::time::timeout(ASKED, self.begin()).await {
                Ok(begun) => self.arriving = begun.ok(),
                // The connection may be dead, which the client alone finds out after a minute.
                Err(_) => self.context.client().force_reconnect().await?,
            }
        }
        if let Some(arriving) = &mut self.arriving {
            let mut patience = FIRST;
            while self.messages.len() < TOGETHER {
                match tokio::time::timeout(patience, arriving.next()).await {
                    Ok(Some(Ok(message))) => self.messages.push(message),
                    // Whoever is deleted, or does not show that it is there any more, is asked for anew.
                    Ok(Some(Err(_)) | None) => {
                        self.arriving = None;
                        break;
                    }
                    Err(_) => break,
                }
                patience = NEXT;
            }
        }
        let mut events = Vec::new();
        for message in &self.messages {
            let id = message.headers.as_ref().and_then(|headers| headers.get("ce-id"));
            let id: Uuid = id.ok_or("a message has no event id")?.as_str().parse()?;
            self.ledger.write_all(format!("{id}\n").as_bytes())?;
            events.push(id);
        }
        Ok(events)
    }

    async fn begin(&self) -> Result<Arriving, Failed> {
        let config =
            Config { durable_name: Some("receipts".to_owned()), ack_wait: ACKNOWLEDGED_WITHIN, ..Config::default() };
        let stream = self.context.get_stream_no_info(STREAM).await?;
        let consumer = stream.get_or_create_consumer("receipts", config).await?;
        let arriving = consumer.stream().max_messages_per_batch(TOGETHER).expires(5 * HEARTBEAT).heartbeat(HEARTBEAT);
        Ok(arriving.messages().await?)
    }

    /// An acknowledgement that gets lost does no harm: the message comes again.
    async fn acknowledge(&mut self) {
        for message in self.messages.drain(..) {
            let _ = message.ack().await;
        }
    }
}

/// One of both.
pub(crate) enum Feed {
    Lines(Lines),
    Pull(Box<Pull>),
}

impl Feed {
    /// The next events, if there are some.
    pub(crate) async fn next(&mut self) -> Result<Vec<Uuid>, Failed> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Pull(pull) => pull.next().await,
        }
    }

    /// Says that they need not come again.
    pub(crate) async fn acknowledge(&mut self) -> Result<(), Failed> {
        match self {
            Self::Lines(lines) => lines.acknowledge()?,
            Self::Pull(pull) => pull.acknowledge().await,
        }
        Ok(())
    }
}
