//! Why the sink was not connected.

use crate::error::BackendError;

/// Why NATS could not be connected to. No text of it holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NatsError {
    /// The URL is none that can be understood.
    #[error("the URL is not understood: {message}")]
    Url {
        /// What is wrong with it.
        message: String,
    },
    /// The pattern of the subjects makes none.
    #[error("the subject `{pattern}` can not be used: {message}")]
    Subject {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// The credentials are none that can be understood.
    #[error("the credentials are not understood: {message}")]
    Credentials {
        /// What is wrong with them.
        message: String,
    },
    /// Nobody answered.
    #[error("NATS at {servers} can not be reached: {source}")]
    Unreachable {
        /// Host and port of each server.
        servers: String,
        /// What happened.
        #[source]
        source: BackendError,
    },
    /// The server did not let us in.
    #[error("NATS at {servers} does not accept the credentials: {source}")]
    Authentication {
        /// Host and port of each server.
        servers: String,
        /// What the server said.
        #[source]
        source: BackendError,
    },
    /// The connection could not be encrypted as was asked.
    #[error("no TLS with NATS at {servers}: {source}")]
    Tls {
        /// Host and port of each server.
        servers: String,
        /// What stands in the way.
        #[source]
        source: BackendError,
    },
    /// The stream could not be created, or can not have this name.
    #[error("the stream `{}` can not be had on NATS at {servers}: {message}", .stream.escape_debug())]
    Stream {
        /// Host and port of each server.
        servers: String,
        /// The stream.
        stream: String,
        /// What the server said.
        message: String,
    },
}
