//! The sink: takes events over TCP, notes each in the order of arrival, and acknowledges. Outside of the system under
//! test, in the driver's process.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::clock::now_ms;
use crate::ledger::Event;
use crate::random::Random;

/// An event that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: Event,
    pub(crate) event_id: Uuid,
    pub(crate) kind: String,
    /// The process that brought it.
    pub(crate) relay: String,
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    /// What took it was deleted since, with all that it held.
    pub(crate) is_gone: bool,
}

impl Delivery {
    /// As it stands in the ledger.
    pub(crate) fn line(&self, number: usize) -> String {
        let Self { event: Event { id, version, token }, event_id, kind, relay, at, is_gone: _ } = self;
        format!("{number}\t{at}\t{relay}\t{id}\t{version}\t{token}\t{event_id}\t{kind}\n")
    }
}

/// Shared with the threads of the connections.
#[derive(Clone, Debug)]
pub(crate) struct SinkServer {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    file: File,
    deliveries: Vec<Delivery>,
    streams: Vec<TcpStream>,
    random: Random,
    /// The next event is noted, and then every connection is cut instead of an answer.
    cut: bool,
    /// Nothing is taken before this.
    silent_until: Instant,
    /// How often it has hung up. What came over a connection from before, and was not taken, is not.
    hung_up: u64,
    refused: usize,
}

impl SinkServer {
    pub(crate) fn start(file: &Path, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let state = State {
            file: File::options().append(true).create_new(true).open(file)?,
            deliveries: Vec::new(),
            streams: Vec::new(),
            random: Random::new(seed),
            cut: false,
            silent_until: Instant::now(),
            hung_up: 0,
            refused: 0,
        };
        let server = Self { address: listener.local_addr()?.to_string(), state: Arc::new(Mutex::new(state)) };
        let accepting = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = accepting.clone();
                std::thread::spawn(move || server.serve(&stream));
            }
        });
        Ok(server)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A relay that was killed is no error, and a line that it had not finished no event.
    fn serve(&self, stream: &TcpStream) -> Option<()> {
        let hung_up = {
            let mut state = self.state();
            state.streams.push(stream.try_clone().ok()?);
            state.hung_up
        };
        stream.set_nodelay(true).ok()?;
        let mut lines = BufReader::new(stream);
        let relay = line(&mut lines)?;
        loop {
            let text = line(&mut lines)?;
            self.wait_while_silent();
            if self.state().hung_up > hung_up {
                return None;
            }
            let fields: Vec<&str> = text.split('\t').collect();
            let [id, version, token, kind, event_id, _seq] = *fields.as_slice() else { return None };
            let event = Event { id: id.parse().ok()?, version: version.parse().ok()?, token: token.to_owned() };
            let answer = self.take(&relay, event, event_id.parse().ok()?, kind)?;
            let mut stream = stream;
            stream.write_all(format!("{event_id} {answer}\n").as_bytes()).ok()?;
        }
    }

    fn take(&self, relay: &str, event: Event, event_id: Uuid, kind: &str) -> Option<&'static str> {
        let mut state = self.state();
        if state.random.once_in(200) {
            state.refused += 1;
            return Some("no");
        }
        let at = now_ms();
        let (kind, relay) = (kind.to_owned(), relay.to_owned());
        let delivery = Delivery { event, event_id, kind, relay, at, is_gone: false };
        let number = state.deliveries.len();
        state.file.write_all(delivery.line(number).as_bytes()).ok()?;
        state.deliveries.push(delivery);
        if std::mem::take(&mut state.cut) {
            for stream in state.streams.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
            return None;
        }
        Some("ok")
    }

    /// Cuts every connection after the next event was noted and before it is acknowledged.
    pub(crate) fn cut(&self) {
        self.state().cut = true;
    }

    /// Takes and answers nothing for a while.
    pub(crate) fn be_silent(&self, pause: Duration) {
        self.state().silent_until = Instant::now() + pause;
    }

    /// Ends every connection, with all that came over it and was not taken.
    pub(crate) fn hang_up(&self) {
        let mut state = self.state();
        state.hung_up += 1;
        for stream in state.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn wait_while_silent(&self) {
        loop {
            let left = self.state().silent_until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left);
        }
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.clone()
    }

    pub(crate) fn refused(&self) -> usize {
        self.state().refused
    }

    /// The relay that brought the last event.
    pub(crate) fn leader(&self) -> Option<String> {
        self.state().deliveries.last().map(|delivery| delivery.relay.clone())
    }
}

fn line(lines: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut text = String::new();
    lines.read_line(&mut text).ok()?;
    text.ends_with('\n').then(|| text.trim_end_matches('\n').to_owned())
}
