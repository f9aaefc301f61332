//! A connection that is dead on one side, and nobody is told.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use timestamp_repo::{Nats, NatsStream};

use crate::server::Server;
use crate::setup::{STREAM, arrived, assert_all, relay, save, store, until};

/// Passes on what client and server say, until it is told to let that which is open hang. A connection that is made after
/// that is passed on again.
struct Hanging {
    url: String,
    hangs: Arc<AtomicBool>,
}

impl Hanging {
    fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        let server = server.url().trim_start_matches("nats://").to_owned();
        let hangs = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&hangs);
        std::thread::spawn(move || {
            for (number, near) in listener.incoming().map_while(Result::ok).enumerate() {
                let far = TcpStream::connect(&server).unwrap();
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let asked = Arc::clone(&asked);
                    std::thread::spawn(move || pass(&from, &to, || number == 0 && asked.load(Ordering::SeqCst)));
                }
            }
        });
        Self { url, hangs }
    }

    fn hang(&self) {
        self.hangs.store(true, Ordering::SeqCst);
    }
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, hangs: impl Fn() -> bool) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !hangs() && to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn half_open_connection_is_made_anew_after_the_first_silence() {
    let server = Server::start();
    let line = Hanging::before(&server);
    let options = Nats::options().create_stream(NatsStream::new(STREAM)).publish_timeout(Duration::from_millis(300));
    let nats = options.connect(&line.url).await.unwrap();
    let store = store().await;
    save(&store, "a", 2).await;
    let running = relay(&store, &nats).start();
    until(&running, |status| status.delivered == 2).await;
    line.hang();
    save(&store, "b", 2).await;
    let begun = Instant::now();
    until(&running, |status| status.delivered == 4).await;
    // The client alone notices it after three pings, the last of which it sends after half a minute.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    running.stop().await.unwrap();
    assert_all(&arrived(&server).await, &["a", "b"], 2);
}
