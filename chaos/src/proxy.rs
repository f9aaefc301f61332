//! What stands between the processes under test and a server: passes on what both say, until a fault breaks the line.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Shared with the threads of the connections.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    /// Host and port, for the processes under test.
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    server: String,
    lines: Vec<Line>,
}

/// A connection that is open on both sides.
#[derive(Clone, Debug)]
struct Line {
    near: Arc<TcpStream>,
    far: Arc<TcpStream>,
    /// Nothing passes any more, and what one side closes stays open on the other.
    is_broken: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens on a port of its own, and leads to the server at this host and port.
    pub(crate) fn start(server: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let state = State { server: server.to_owned(), lines: Vec::new() };
        let proxy = Self { address: listener.local_addr()?.to_string(), state: Arc::new(Mutex::new(state)) };
        let accepting = proxy.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A server that is down closes what is asked of it.
                let _ = accepting.join(near);
            }
        });
        Ok(proxy)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, near: TcpStream) -> io::Result<()> {
        let server = self.state().server.clone();
        let far = TcpStream::connect(server)?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let line = Line { near: Arc::new(near), far: Arc::new(far), is_broken: Arc::default() };
        self.state().lines.push(line.clone());
        let (up, down) = (line.clone(), line);
        let (proxy, other) = (self.clone(), self.clone());
        std::thread::spawn(move || proxy.pass(&up, &up.near, &up.far));
        std::thread::spawn(move || other.pass(&down, &down.far, &down.near));
        Ok(())
    }

    fn pass(&self, line: &Line, mut from: &TcpStream, mut to: &TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let said = bytes.get(..count).unwrap_or_default();
            if line.is_broken.load(Ordering::SeqCst) || to.write_all(said).is_err() {
                break;
            }
        }
        if !line.is_broken.load(Ordering::SeqCst) {
            close([&line.near, &line.far]);
            self.state().lines.retain(|other| !Arc::ptr_eq(&other.is_broken, &line.is_broken));
        }
    }

    /// Has every further connection lead to another server.
    pub(crate) fn lead_to(&self, server: &str) {
        self.state().server = server.to_owned();
    }

    /// Nothing passes any more over what is open, and nobody is told; half-open. After the pause it is closed.
    pub(crate) fn freeze(&self, pause: Duration) {
        let lines = self.break_all();
        std::thread::spawn(move || {
            std::thread::sleep(pause);
            lines.iter().for_each(|line| close([&line.near, &line.far]));
        });
    }

    /// Those who connected are told that it is over. The server learns it after the pause, and works on meanwhile.
    pub(crate) fn cut(&self, pause: Duration) {
        let lines = self.break_all();
        lines.iter().for_each(|line| close([&line.near]));
        std::thread::spawn(move || {
            std::thread::sleep(pause);
            lines.iter().for_each(|line| close([&line.far]));
        });
    }

    fn break_all(&self) -> Vec<Line> {
        let lines = std::mem::take(&mut self.state().lines);
        lines.iter().for_each(|line| line.is_broken.store(true, Ordering::SeqCst));
        lines
    }
}

/// Whoever is gone already needs not be told.
fn close<const N: usize>(streams: [&TcpStream; N]) {
    for stream in streams {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    /// A connection through a proxy: the proxy, and both ends.
    fn connected() -> (Proxy, TcpStream, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(&server.local_addr().unwrap().to_string()).unwrap();
        let client = TcpStream::connect(&proxy.address).unwrap();
        let (served, _) = server.accept().unwrap();
        client.set_read_timeout(Some(SOON)).unwrap();
        served.set_read_timeout(Some(SOON)).unwrap();
        (proxy, client, served)
    }

    /// What arrives: bytes, the end, or nothing in time.
    fn read(mut stream: &TcpStream) -> Option<usize> {
        stream.read(&mut [0; 16]).ok()
    }

    #[test]
    fn what_both_say_arrives_and_the_end_of_one_is_the_end_of_the_other() {
        let (_proxy, mut client, mut served) = connected();
        client.write_all(b"question").unwrap();
        assert_eq!(read(&served), Some(8));
        served.write_all(b"answer").unwrap();
        assert_eq!(read(&client), Some(6));
        drop(client);
        assert_eq!(read(&served), Some(0));
    }

    #[test]
    fn a_frozen_line_says_nothing_until_the_pause_is_over() {
        let (proxy, mut client, served) = connected();
        client.write_all(b"question").unwrap();
        assert_eq!(read(&served), Some(8));
        proxy.freeze(3 * SOON);
        client.write_all(b"more").unwrap();
        assert_eq!((read(&served), read(&client)), (None, None));
        std::thread::sleep(2 * SOON);
        assert_eq!((read(&served), read(&client)), (Some(0), Some(0)));
    }

    #[test]
    fn a_cut_line_is_over_for_the_client_and_not_yet_for_the_server() {
        let (proxy, client, served) = connected();
        // It may not have been noted yet when the connection was accepted.
        while proxy.state().lines.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        proxy.cut(2 * SOON);
        assert_eq!((read(&client), read(&served)), (Some(0), None));
        std::thread::sleep(2 * SOON);
        assert_eq!(read(&served), Some(0));
    }
}
