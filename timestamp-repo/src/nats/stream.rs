//! The stream that takes the events, where we are asked to create it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use tokio::sync::Mutex;

use super::context;
use crate::relay::SinkError;

/// What a stream is to be like that [`NatsOptions::create_stream`](super::NatsOptions::create_stream) creates.
///
/// It is kept in files, and keeps every message; when it is full, it refuses new ones rather than to drop old ones, and
/// the events wait in the outbox. For all the other settings of JetStream, create the stream with its own tools, and
/// name it with [`NatsOptions::stream`](super::NatsOptions::stream).
#[derive(Clone, Debug)]
pub struct NatsStream {
    pub(super) name: String,
    subjects: Vec<String>,
    duplicate_window: Option<Duration>,
    max_age: Option<Duration>,
    max_bytes: Option<i64>,
    max_messages: Option<i64>,
    max_message_size: Option<i32>,
    replicas: usize,
    in_memory: bool,
}

impl NatsStream {
    /// Returns a stream of this name that takes every event.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            subjects: Vec::new(),
            duplicate_window: None,
            max_age: None,
            max_bytes: None,
            max_messages: None,
            max_message_size: None,
            replicas: 1,
            in_memory: false,
        }
    }

    /// Adds a subject that the stream takes, such as `events.>`. Without any it takes what the events' subjects have in
    /// common.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subjects.push(subject.into());
        self
    }

    /// Sets for how long the stream drops an event that it has already: 2 minutes unless set. At least as long as the
    /// relay may be away between two attempts; longer costs the server memory for each event of that time.
    #[must_use]
    pub fn duplicate_window(mut self, window: Duration) -> Self {
        self.duplicate_window = Some(window);
        self
    }

    /// Sets after which time messages are dropped. Unless set, they are kept. It also limits the duplicate window.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets how many bytes the stream holds.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(i64::try_from(bytes).unwrap_or(i64::MAX));
        self
    }

    /// Sets how many messages the stream holds.
    #[must_use]
    pub fn max_messages(mut self, messages: u64) -> Self {
        self.max_messages = Some(i64::try_from(messages).unwrap_or(i64::MAX));
        self
    }

    /// Sets how large a message may be, headers and all. The relay parks an event that is larger.
    #[must_use]
    pub fn max_message_size(mut self, bytes: u32) -> Self {
        self.max_message_size = Some(i32::try_from(bytes).unwrap_or(i32::MAX));
        self
    }

    /// Sets on how many servers of a cluster the stream is kept: 1 unless set.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Keeps the stream in the server's memory: it is gone when the server ends, and then created again, empty.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// `all`: what the events' subjects have in common.
    pub(super) fn config(self, all: &str) -> Config {
        let Self {
            name,
            mut subjects,
            duplicate_window,
            max_age,
            max_bytes,
            max_messages,
            max_message_size,
            replicas,
            in_memory,
        } = self;
        if subjects.is_empty() {
            subjects.push(all.to_owned());
        }
        let window = duplicate_window.unwrap_or(Duration::from_secs(120));
        Config {
            name,
            subjects,
            duplicate_window: max_age.map_or(window, |age| window.min(age)),
            max_age: max_age.unwrap_or_default(),
            max_bytes: max_bytes.unwrap_or(-1),
            max_messages: max_messages.unwrap_or(-1),
            max_message_size: max_message_size.unwrap_or(-1),
            num_replicas: replicas,
            storage: if in_memory { StorageType::Memory } else { StorageType::File },
            discard: DiscardPolicy::New,
            ..Config::default()
        }
    }
}

/// A stream that is to be there.
#[derive(Debug)]
pub(super) struct Wanted {
    config: Config,
    is_there: AtomicBool,
    creating: Mutex<()>,
}

impl Wanted {
    pub(super) fn new(config: Config) -> Self {
        Self { config, is_there: AtomicBool::new(false), creating: Mutex::new(()) }
    }

    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    /// Creates the stream unless it is known to be there. One at a time.
    pub(super) async fn ensure(&self, client: &async_nats::Client, timeout: Duration) -> Result<(), SinkError> {
        if self.is_there.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one = self.creating.lock().await;
        if self.is_there.load(Ordering::Acquire) {
            return Ok(());
        }
        let created = Box::pin(self.create(&context(client, timeout))).await;
        created.map_err(|message| {
            SinkError::unavailable(format!("the stream `{}` can not be created: {message}", self.name()))
        })
    }

    pub(super) async fn create(&self, context: &jetstream::Context) -> Result<(), String> {
        let created = context.get_or_create_stream(self.config.clone()).await;
        created.map_err(|error| error.to_string())?;
        self.is_there.store(true, Ordering::Release);
        Ok(())
    }

    /// Nobody took a message, or nobody answered: it may have been deleted.
    pub(super) fn is_missing(&self) {
        self.is_there.store(false, Ordering::Release);
    }
}
