//! `NatsOptions`: what a connection to NATS is told.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectErrorKind, ConnectOptions, ServerAddr};

use super::error::NatsError;
use super::link::Link;
use super::stream::{NatsStream, Wanted};
use super::subject::Subject;
use super::{Nats, context};
use crate::cloud_event::CloudEventSource;
use crate::error::BackendError;

/// How often the client asks whether the server is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How to connect to NATS, and what to publish there; made by [`Nats::options`].
#[derive(Clone)]
#[must_use = "nothing is connected before `connect`"]
pub struct NatsOptions {
    subject: String,
    source: CloudEventSource,
    stream: Option<String>,
    create_stream: Option<NatsStream>,
    publish_timeout: Duration,
    application_name: Option<String>,
    login: Login,
    tls: Tls,
    connect_later: bool,
}

/// How we say who we are.
#[derive(Clone)]
enum Login {
    /// By what the URL says, if anything.
    Url,
    UserAndPassword(String, String),
    Token(String),
    Credentials(String),
}

#[derive(Clone, Default)]
struct Tls {
    required: bool,
    roots: Option<PathBuf>,
    client: Option<(PathBuf, PathBuf)>,
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            subject: "events.{type}.{kind}".to_owned(),
            source: CloudEventSource::default(),
            stream: None,
            create_stream: None,
            publish_timeout: Duration::from_secs(5),
            application_name: None,
            login: Login::Url,
            tls: Tls::default(),
            connect_later: false,
        }
    }
}

impl NatsOptions {
    /// Sets the pattern of the subjects: `events.{type}.{kind}` unless set, such as `events.Task.updated`. The places are
    /// `{type}`, the entity's type, `{id}`, the entity's id, and `{kind}`, which is `created`, `updated` or `deleted`.
    ///
    /// What may not stand in a word of a subject is percent-encoded: a dot, `*`, `>`, `%`, a space, control characters
    /// and everything outside of ASCII. An empty id becomes `%`.
    ///
    /// A subject for each entity, as `events.{type}.{id}` makes, lets consumers follow one entity, and costs the server
    /// memory for each.
    pub fn subject(mut self, pattern: impl Into<String>) -> Self {
        self.subject = pattern.into();
        self
    }

    /// Sets the source of the envelopes, and what stands before their types.
    pub fn source(mut self, source: CloudEventSource) -> Self {
        self.source = source;
        self
    }

    /// Names the stream that must take the events. An event that another stream would take waits.
    pub fn stream(mut self, name: impl Into<String>) -> Self {
        self.stream = Some(name.into());
        self
    }

    /// Creates the stream if it is missing, also when it goes missing later. One that exists is used as it is. It is the
    /// stream that must take the events, as with [`stream`](Self::stream).
    pub fn create_stream(mut self, stream: NatsStream) -> Self {
        self.create_stream = Some(stream);
        self
    }

    /// Sets for how long an acknowledgement is waited for: 5 seconds unless set. Then the event counts as not delivered,
    /// and waits; if nothing else was answered meanwhile either, the connection is made anew. Less than the relay's [`delivery_timeout`](crate::Relay::delivery_timeout), or that one decides.
    pub fn publish_timeout(mut self, timeout: Duration) -> Self {
        self.publish_timeout = timeout;
        self
    }

    /// Sets the name under which the server lists this connection.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Sets user and password, which may also stand in the URL, percent-encoded: `nats://user:password@host`.
    pub fn user_and_password(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Login::UserAndPassword(user.into(), password.into());
        self
    }

    /// Sets a token, which may also stand in the URL: `nats://token@host`.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.login = Login::Token(token.into());
        self
    }

    /// Sets credentials: the text of a `.creds` file, with a JWT and the seed of a key.
    pub fn credentials(mut self, text: impl Into<String>) -> Self {
        self.login = Login::Credentials(text.into());
        self
    }

    /// Insists on TLS. A URL that begins with `tls://` does so too.
    pub fn require_tls(mut self) -> Self {
        self.tls.required = true;
        self
    }

    /// Sets the file with the certificates, in PEM, that are trusted in place of the system's.
    pub fn root_certificates(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.roots = Some(file.into());
        self
    }

    /// Sets the files with the certificate and the key, in PEM, by which the server knows us.
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.client = Some((certificate.into(), key.into()));
        self
    }

    /// Connects in the background: [`connect`](Self::connect) returns at once, also where NATS is away, so that the
    /// program starts without it. Until then the events wait. What is wrong with the login or the stream is told by the
    /// relay's warning.
    pub fn connect_later(mut self) -> Self {
        self.connect_later = true;
        self
    }

    /// Connects to a server, or to one of several that stand in the URL with commas between them.
    ///
    /// # Errors
    ///
    /// [`NatsError`] says which of the options is wrong, or what the server said.
    pub async fn connect(self, url: &str) -> Result<Nats, NatsError> {
        let subject = Subject::parse(&self.subject)
            .map_err(|message| NatsError::Subject { pattern: self.subject.clone(), message })?;
        let addresses = addresses(url)?;
        let servers: Vec<String> =
            addresses.iter().map(|address| format!("`{}:{}`", address.host(), address.port())).collect();
        let servers: Arc<str> = servers.join(", ").into();
        let link = Arc::new(Link::new());

        let expected_stream = self.create_stream.as_ref().map(|stream| stream.name.clone()).or(self.stream);
        if let Some(stream) = expected_stream.as_ref().filter(|name| !is_stream_name(name)) {
            let message = "a name has no spaces, dots, `*`, `>`, slashes or control characters".to_owned();
            return Err(NatsError::Stream { servers: servers.to_string(), stream: stream.clone(), message });
        }

        let mut options = login(self.login, &addresses)?.ping_interval(PING_EVERY).require_tls(self.tls.required);
        let listener = Arc::clone(&link);
        options = options.event_callback(move |event| {
            listener.happened(&event);
            async {}
        });
        if let Some(name) = self.application_name {
            options = options.name(name);
        }
        if let Some(file) = self.tls.roots {
            options = options.add_root_certificates(file);
        }
        if let Some((certificate, key)) = self.tls.client {
            options = options.add_client_certificate(certificate, key);
        }
        if self.connect_later {
            options = options.retry_on_initial_connect();
        }
        let client = Box::pin(options.connect(addresses)).await.map_err(|error| refused(error, &servers))?;

        let wanted = self.create_stream.map(|stream| Arc::new(Wanted::new(stream.config(subject.all()))));
        if let Some(wanted) = wanted.as_ref().filter(|_| !self.connect_later) {
            wanted.create(&context(&client, self.publish_timeout)).await.map_err(|message| NatsError::Stream {
                servers: servers.to_string(),
                stream: wanted.name().to_owned(),
                message,
            })?;
        }
        Ok(Nats {
            client,
            link,
            subject,
            headers: Arc::new(Nats::common_headers(&self.source, expected_stream.as_deref())),
            source: self.source,
            wanted,
            expected_stream,
            publish_timeout: self.publish_timeout,
            servers,
        })
    }
}

/// Without the login, which holds secrets.
impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsOptions")
            .field("subject", &self.subject)
            .field("source", &self.source)
            .field("stream", &self.stream)
            .field("create_stream", &self.create_stream)
            .field("publish_timeout", &self.publish_timeout)
            .finish_non_exhaustive()
    }
}

fn addresses(url: &str) -> Result<Vec<ServerAddr>, NatsError> {
    // The parser's words are about the form alone, and hold no part of the URL.
    let parse = |url: &str| url.trim().parse().map_err(|error| NatsError::Url { message: format!("{error}") });
    let addresses: Vec<ServerAddr> = url.split(',').map(parse).collect::<Result<_, _>>()?;
    if addresses.iter().any(ServerAddr::is_websocket) {
        return Err(NatsError::Url { message: "it must begin with `nats://` or `tls://`".to_owned() });
    }
    if addresses.iter().any(|address| address.host().is_empty()) {
        return Err(NatsError::Url { message: "it names no host".to_owned() });
    }
    Ok(addresses)
}

fn is_stream_name(name: &str) -> bool {
    let is_fine = |c: char| !c.is_whitespace() && !c.is_control() && !".*>/\\".contains(c);
    !name.is_empty() && name.chars().all(is_fine)
}

fn login(login: Login, addresses: &[ServerAddr]) -> Result<ConnectOptions, NatsError> {
    match login {
        // The client does not look at it (tried with async-nats 0.51, 2026-11-20).
        Login::Url => {
            let user = addresses.iter().find_map(|address| Some((address.username()?, address.password())));
            Ok(match user {
                Some((user, Some(password))) => {
                    ConnectOptions::with_user_and_password(percent_decoded(user)?, percent_decoded(password)?)
                }
                Some((token, None)) => ConnectOptions::with_token(percent_decoded(token)?),
                None => ConnectOptions::new(),
            })
        }
        Login::UserAndPassword(user, password) => Ok(ConnectOptions::with_user_and_password(user, password)),
        Login::Token(token) => Ok(ConnectOptions::with_token(token)),
        Login::Credentials(text) => ConnectOptions::with_credentials(&text)
            .map_err(|error| NatsError::Credentials { message: error.to_string() }),
    }
}

fn percent_decoded(text: &str) -> Result<String, NatsError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *byte == b'%') {
            Some(value) => {
                decoded.push(value);
                rest = &more[2..];
            }
            None => {
                decoded.push(*byte);
                rest = more;
            }
        }
    }
    String::from_utf8(decoded)
        .map_err(|_| NatsError::Url { message: "the percent-encoded user or password is not UTF-8".to_owned() })
}

fn refused(error: async_nats::ConnectError, servers: &str) -> NatsError {
    let servers = servers.to_owned();
    match error.kind() {
        ConnectErrorKind::ServerParse => NatsError::Url { message: error.to_string() },
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            NatsError::Authentication { servers, source: BackendError::because("the server refused", error) }
        }
        ConnectErrorKind::Tls => {
            NatsError::Tls { servers, source: BackendError::because("the handshake failed", error) }
        }
        ConnectErrorKind::Dns | ConnectErrorKind::TimedOut | ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            NatsError::Unreachable { servers, source: BackendError::because("the connection failed", error) }
        }
    }
}
