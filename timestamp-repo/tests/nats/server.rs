//! A NATS of the test's own, to be stopped, to be full, or to be strict.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Killed and removed when dropped.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// With JetStream, and room enough.
    pub(crate) fn start() -> Self {
        Self::with("jetstream { store_dir: data }")
    }

    /// With these settings beside the port. Paths are within its folder.
    pub(crate) fn with(settings: &str) -> Self {
        let folder = TempDir::with_prefix("timestamp-nats-").unwrap();
        let mut server = Self { folder, port: 0, process: None };
        for port in free_ports() {
            server.port = port;
            let conf = format!("listen: \"127.0.0.1:{port}\"\n{settings}\n");
            std::fs::write(server.path("nats.conf"), conf).unwrap();
            server.launch();
            if server.answers() {
                return server;
            }
            // Somebody else was faster on this port, or it is the settings.
            let log = std::fs::read_to_string(server.path("log")).unwrap();
            assert!(log.contains("address already in use"), "{log}");
        }
        unreachable!("there is always another port");
    }

    /// On a port where nobody listens yet.
    pub(crate) fn not_yet_started() -> Self {
        let mut server = Self::start();
        server.kill();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it on the same data and port.
    pub(crate) fn start_again(&mut self) {
        self.launch();
        assert!(self.answers(), "{}", std::fs::read_to_string(self.path("log")).unwrap());
    }

    /// Stops its work without ending it: it takes messages, and answers none.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn launch(&mut self) {
        let binary = std::env::var_os("TIMESTAMP_TEST_NATS_SERVER")
            .expect("TIMESTAMP_TEST_NATS_SERVER is not set: run scripts/test, or eval \"$(scripts/services up)\"");
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(binary);
        command.args(["--config", "nats.conf"]).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
    }

    /// Waits until it takes clients; `false` if it has ended.
    fn answers(&mut self) -> bool {
        for _ in 0..1000 {
            if self.process.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            let mut begin = [0; 4];
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port))
                && stream.read_exact(&mut begin).is_ok()
            {
                return &begin == b"INFO";
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not answer: {}", std::fs::read_to_string(self.path("log")).unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Below the ports that the kernel gives to clients, so that none sits on it when the server restarts.
fn free_ports() -> impl Iterator<Item = u16> {
    let begin = std::process::id() * 97;
    (0..)
        .map(move |step| 20_000 + u16::try_from((begin + step) % 12_000).unwrap())
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}
