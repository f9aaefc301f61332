//! Whether the connection is up, and what the server said on it.

use std::sync::{Mutex, PoisonError};

use async_nats::Event;
use tokio::sync::watch;
use tokio::time::Instant;

/// What the client tells of the connection.
#[derive(Debug)]
pub(super) struct Link {
    /// Changes when the connection breaks.
    lost: watch::Sender<u64>,
    /// When an answer came last, or the connection was given up because none came.
    heard: Mutex<Instant>,
    /// The last complaint, and when it came.
    said: Mutex<Option<(Instant, String)>>,
}

impl Link {
    pub(super) fn new() -> Self {
        Self { lost: watch::Sender::new(0), heard: Mutex::new(Instant::now()), said: Mutex::new(None) }
    }

    pub(super) fn happened(&self, event: &Event) {
        match event {
            Event::Connected => *self.said.lock().unwrap_or_else(PoisonError::into_inner) = None,
            Event::Disconnected | Event::Closed => self.lost.send_modify(|times| *times += 1),
            Event::ServerError(error) => self.says(error.to_string()),
            Event::ClientError(error) => self.says(error.to_string()),
            Event::LameDuckMode | Event::Draining | Event::SlowConsumer(_) => {}
        }
    }

    /// Changes when the connection breaks after this.
    pub(super) fn lost(&self) -> watch::Receiver<u64> {
        self.lost.subscribe()
    }

    /// An answer came.
    pub(super) fn hears(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nothing has answered since then, and nobody has asked this before: of all who wait, one acts on it.
    pub(super) fn is_silent_since(&self, begun: Instant) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = *heard <= begun;
        if is_silent {
            *heard = Instant::now();
        }
        is_silent
    }

    fn says(&self, said: String) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), said));
    }

    /// What the server has complained of since then. It does so without naming the message, as where publishing is not
    /// permitted.
    pub(super) fn said_since(&self, begun: Instant) -> Option<String> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.as_ref().filter(|(at, _)| *at >= begun).map(|(_, said)| said.clone())
    }

    /// The words for a connection that is not there.
    pub(super) fn away(&self, servers: &str) -> String {
        match &*self.said.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((_, said)) => format!("NATS at {servers} is not connected: {said}"),
            None => format!("NATS at {servers} is not connected"),
        }
    }
}
