//! `Nats`: the sink that publishes events to NATS JetStream.
//!
//! One event is one message: a CloudEvents 1.0 envelope in the binary mode, whose `Nats-Msg-Id` is the event's id. An
//! event is delivered when JetStream has acknowledged that it is stored.
//!
//! # Parts
//!
//! - `options`: what a connection is told, and how it is made.
//! - `subject`: under which subject an event is published.
//! - `stream`: the stream, where we are asked to create it.
//! - `link`: whether the connection is up, and what the server said.
//! - `answer`: what an answer, or none, means for the event.
//!
//! # When NATS is away
//!
//! The client connects again by itself, for as long as it takes. Meanwhile an event is refused at once as
//! [`SinkError::Unavailable`], rather than queued where nobody knows of it, and one that is on its way when the
//! connection breaks is given up at that moment. It may be stored all the same; when it is published again, JetStream
//! drops it by its id. A connection on which nothing has answered for the time that an acknowledgement is waited for is
//! given up, too, and made again.

mod answer;
mod error;
mod link;
mod options;
mod stream;
mod subject;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::client::Request;
use async_nats::connection::State;
use async_nats::header::{HeaderMap, HeaderName, HeaderValue, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID};
use async_nats::jetstream;
use bytes::Bytes;
use tokio::time::Instant;

pub use self::error::NatsError;
use self::link::Link;
pub use self::options::NatsOptions;
pub use self::stream::NatsStream;
use self::stream::Wanted;
use self::subject::Subject;
use crate::cloud_event::{CloudEvent, CloudEventSource};
use crate::outbox::StoredEvent;
use crate::relay::{Sink, SinkError};

/// Publishes events to NATS JetStream, as CloudEvents 1.0 in the binary mode.
///
/// A stream must take the subjects, `events.>` unless set otherwise: create it with
/// `nats stream add EVENTS --subjects 'events.>'`, or let [`NatsOptions::create_stream`] do so.
///
/// # What becomes of an event that NATS does not take
///
/// | what happens | the relay |
/// |---|---|
/// | NATS is away, does not answer in time, or JetStream is off | waits, and goes on by itself |
/// | the stream or the server is full | waits |
/// | no stream takes the subject, it is sealed, or publishing to it is not permitted | waits, and says what to do |
/// | the message is larger than server or stream allow, its headers are, or its subject is too long | parks the event |
///
/// # Example
///
/// ```no_run
/// use timestamp_repo::{Nats, NatsStream, Relay, Sqlite};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = Sqlite::open("tasks.db").await?;
/// let nats = Nats::options().create_stream(NatsStream::new("EVENTS")).connect("nats://127.0.0.1:4222").await?;
/// let relay = Relay::new(store, nats).start();
/// # drop(relay);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Nats {
    client: async_nats::Client,
    link: Arc<Link>,
    subject: Subject,
    source: CloudEventSource,
    headers: Arc<HeaderMap>,
    wanted: Option<Arc<Wanted>>,
    /// The stream that must have taken a message, where one is named.
    expected_stream: Option<String>,
    publish_timeout: Duration,
    /// Host and port of every server, for messages.
    servers: Arc<str>,
}

impl Nats {
    /// Connects to a server, or to one of several that stand in the URL with commas between them. The events get the
    /// subjects `events.<entity type>.<kind>`.
    ///
    /// # Errors
    ///
    /// [`NatsError`] if no server can be reached, or none lets us in.
    pub async fn connect(url: &str) -> Result<Self, NatsError> {
        Self::options().connect(url).await
    }

    /// Returns options, to set what is to be otherwise.
    pub fn options() -> NatsOptions {
        NatsOptions::default()
    }

    async fn publish(&self, event: &StoredEvent) -> Result<(), SinkError> {
        let subject = self.subject.of(event).map_err(SinkError::unacceptable)?;
        // Before the look at the state, so that a connection that breaks in between is noticed.
        let mut lost = self.link.lost();
        if self.client.connection_state() != State::Connected {
            return Err(SinkError::unavailable(self.link.away(&self.servers)));
        }
        let begun = Instant::now();
        let publish = async {
            if let Some(wanted) = &self.wanted {
                wanted.ensure(&self.client, self.publish_timeout).await?;
            }
            let headers = self.headers(event);
            let size = subject.len() + size_of_headers(&headers) + event.payload.len();
            let payload = Bytes::copy_from_slice(event.payload.as_bytes());
            // Others that may go now are made before the first is sent, so that they are sent together: the connection's
            // task is woken by the first, and would write each by itself.
            tokio::task::yield_now().await;
            // Without a time limit of its own: there is one for all of this.
            let request = Request::new().headers(headers).payload(payload).timeout(None);
            let answer = self.client.send_request(subject.clone(), request).await;
            self.link.hears();
            answer::judge(answer, &subject, size, self).await
        };
        let answered = async {
            tokio::select! {
                biased;
                answer = publish => answer,
                () = async { let _ = lost.changed().await; } => {
                    Err(SinkError::unavailable(format!("the connection to NATS at {} was lost", self.servers)))
                }
            }
        };
        match tokio::time::timeout(self.publish_timeout, answered).await {
            Ok(answer) => answer,
            Err(_) => {
                self.doubt(begun).await;
                let waited = self.publish_timeout.as_secs_f32();
                let said = match self.link.said_since(begun) {
                    Some(said) => format!(", and it said: {said}"),
                    None => String::new(),
                };
                let servers = &self.servers;
                Err(SinkError::unavailable(format!(
                    "NATS at {servers} has not acknowledged a message to `{subject}` within {waited} s{said}"
                )))
            }
        }
    }

    /// Nothing has answered since then. The stream may be gone: while another program listens to the subject, the server
    /// does not say so. Or the connection may be dead and nobody was told, which the client finds out after half a minute.
    async fn doubt(&self, begun: Instant) {
        if let Some(wanted) = &self.wanted {
            wanted.is_missing();
        }
        if self.link.is_silent_since(begun) {
            // Only puts it into the client's queue; where that is full, the next one tries it again.
            let _ = tokio::time::timeout(self.publish_timeout, self.client.force_reconnect()).await;
        }
    }

    fn headers(&self, event: &StoredEvent) -> HeaderMap {
        let mut headers = HeaderMap::clone(&self.headers);
        for (name, value) in CloudEvent::new(&self.source, event).own_headers() {
            headers.insert(HeaderName::from_static(name), value.into_owned());
        }
        headers.insert(NATS_MESSAGE_ID, event.id.to_string());
        headers
    }

    /// The headers that all messages have in common, and room for the others: those that are always there, so that a map
    /// which was cloned does not have to grow.
    fn common_headers(source: &CloudEventSource, expected_stream: Option<&str>) -> HeaderMap {
        let always = ["ce-id", "ce-type", "ce-time", "ce-sequence", "ce-partitionkey", "ce-recordedtime"];
        let room = always.map(|name| (HeaderName::from_static(name), HeaderValue::new()));
        let common = CloudEvent::headers_of(source)
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value.into_owned())));
        let stream = expected_stream.map(|stream| (NATS_EXPECTED_STREAM, HeaderValue::from(stream)));
        common.chain(room).chain([(NATS_MESSAGE_ID, HeaderValue::new())]).chain(stream).collect()
    }

    /// What a person can do about a subject that no stream takes.
    fn how_to_create(&self) -> String {
        let name = self.expected_stream.as_deref().unwrap_or("EVENTS");
        let subjects = self.subject.all();
        format!(
            "create one with `nats stream add {name} --subjects '{subjects}'`, or with `NatsOptions::create_stream`"
        )
    }
}

impl Sink for Nats {
    async fn deliver(&self, event: Arc<StoredEvent>) -> Result<(), SinkError> {
        self.publish(&event).await
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("servers", &self.servers)
            .field("subject", &self.subject)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// At least so many bytes.
fn size_of_headers(headers: &HeaderMap) -> usize {
    let of_one = |(name, values): (&HeaderName, &Vec<HeaderValue>)| {
        let name: &[u8] = name.as_ref();
        values.iter().map(|value| name.len() + value.as_str().len()).sum::<usize>()
    };
    headers.iter().map(of_one).sum()
}

fn context(client: &async_nats::Client, timeout: Duration) -> jetstream::Context {
    let mut context = jetstream::new(client.clone());
    context.set_timeout(timeout);
    context
}
