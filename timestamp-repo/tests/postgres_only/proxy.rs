//! What stands between a store and its server, to be cut, or to lead elsewhere.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The state of what passes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Line {
    Open,
    /// Nothing passes, and nobody is told.
    Frozen,
    /// The store is told that the connection is over; the server is not.
    Cut,
}

pub(crate) struct Proxy {
    pub(crate) line: watch::Sender<Line>,
    /// How often the store has spoken after the server had, but for what tells other programs that events were stored.
    pub(crate) turns: Arc<AtomicUsize>,
    server: Arc<Mutex<String>>,
    address: SocketAddr,
}

impl Proxy {
    /// Listens for connections, and passes on what they say to the server of a URL.
    pub(crate) async fn to(url: &str) -> Self {
        let server = Arc::new(Mutex::new(address(url).to_owned()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (line, watched) = watch::channel(Line::Open);
        let address = listener.local_addr().unwrap();
        let turns = Arc::new(AtomicUsize::new(0));
        let (counted, current) = (Arc::clone(&turns), Arc::clone(&server));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let server = current.lock().unwrap().clone();
                // A server that is down closes what is asked of it.
                let Ok(far) = TcpStream::connect(&server).await else { continue };
                tokio::spawn(pass(near, far, watched.clone(), Arc::clone(&counted)));
            }
        });
        Self { line, turns, server, address }
    }

    /// The URL, with the proxy in the server's place.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replace(address(url), &self.address.to_string())
    }

    /// Has every further connection lead to the server of another URL.
    pub(crate) fn lead_to(&self, url: &str) {
        *self.server.lock().unwrap() = address(url).to_owned();
    }
}

/// The host and the port of a URL.
fn address(url: &str) -> &str {
    url.split('@').nth(1).unwrap().split('/').next().unwrap()
}

/// A new connection is not cut by what came before it.
async fn pass(mut near: TcpStream, mut far: TcpStream, mut line: watch::Receiver<Line>, turns: Arc<AtomicUsize>) {
    line.mark_unchanged();
    let (mut answered, mut telling) = (true, Telling::default());
    let (mut up, mut down) = ([0; 8192], [0; 8192]);
    loop {
        tokio::select! {
            _ = line.changed() => {
                let state = *line.borrow();
                match state {
                    Line::Open => {}
                    Line::Frozen => std::future::pending::<()>().await,
                    Line::Cut => {
                        drop(near);
                        // The server's side stays open.
                        return std::future::pending::<()>().await;
                    }
                }
            }
            read = near.read(&mut up) => match read {
                Ok(1..) => {
                    let said = &up[..read.unwrap()];
                    let is_turn = std::mem::take(&mut answered) && !telling.is(said);
                    turns.fetch_add(usize::from(is_turn), Ordering::Relaxed);
                    far.write_all(said).await.unwrap();
                }
                Ok(0) | Err(_) => return,
            },
            read = far.read(&mut down) => match read {
                Ok(1..) => {
                    answered = true;
                    near.write_all(&down[..read.unwrap()]).await.unwrap();
                }
                Ok(0) | Err(_) => return,
            },
        }
    }
}

/// Tells a `NOTIFY` of the store's own, which goes over any free session after a save, from what a save does.
#[derive(Default)]
struct Telling {
    /// Of the statement as it was prepared, with the byte that ends it.
    name: Option<Vec<u8>>,
}

impl Telling {
    /// Whether this begins with the preparation of such a statement, or with its parameters. A session is on loan to it
    /// alone, so nothing else comes with it.
    fn is(&mut self, said: &[u8]) -> bool {
        let (Some(kind), Some(body)) = (said.first(), said.get(5..)) else { return false };
        match kind {
            b'P' => {
                let end = body.iter().position(|byte| *byte == 0).unwrap_or(body.len() - 1);
                let (name, sql) = body.split_at(end + 1);
                let tells = sql.starts_with(b"SELECT pg_notify(");
                if tells {
                    self.name = Some(name.to_owned());
                }
                tells
            }
            // The portal has no name.
            b'B' => self.name.as_deref().is_some_and(|name| body.get(1..).is_some_and(|it| it.starts_with(name))),
            _ => false,
        }
    }
}
