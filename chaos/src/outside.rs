//! The databases as the driver sees them: with `sqlite3` and `psql`, never with the code under test.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::database::Failed;
use crate::disk::{Disk, Entrance};
use crate::proxy::Proxy;

/// Which database a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// As the processes under test are told.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The database of the writers and the relay, and the one of the consumer.
#[derive(Debug)]
pub(crate) struct Databases {
    pub(crate) engine: Engine,
    pub(crate) writers: String,
    pub(crate) consumer: String,
    /// Where SQLite has its files.
    pub(crate) disk: Option<Disk>,
    server: Option<Server>,
}

/// A private PostgreSQL, and what leads to it.
#[derive(Debug)]
struct Server {
    /// For the folders that `scripts/services` has servers in.
    servers: PathBuf,
    /// The folder of this one.
    folder: PathBuf,
    proxy: Proxy,
}

impl Databases {
    /// `servers` is a folder that whoever gave it removes at last.
    pub(crate) fn start(engine: Engine, folder: &Path, servers: Option<&Path>) -> Result<Self, Failed> {
        std::fs::create_dir_all(folder)?;
        match engine {
            Engine::Sqlite => {
                let disk = Disk::mount(folder.join("disk"))?;
                let url = |name: &str| format!("sqlite:{}", disk.folder.join(name).display());
                let (writers, consumer) = (url("writers.db"), url("consumer.db"));
                let all = Self { engine, writers, consumer, disk: Some(disk), server: None };
                all.query(&all.writers, "SELECT 1")?;
                Ok(all)
            }
            Engine::Postgres => {
                // A socket's path is short, so the server has a folder of its own, which its user can enter.
                let servers = match servers {
                    Some(servers) => servers.to_owned(),
                    None => tempfile::Builder::new().prefix("chaos-").tempdir()?.keep(),
                };
                std::fs::set_permissions(&servers, Permissions::from_mode(0o711))?;
                let folder = new_folder(&servers);
                let url = services_up(&folder, Service::Postgres)?;
                let proxy = Proxy::start(address(&url)?)?;
                let server = Server { servers, folder, proxy };
                let [writers, consumer] = schemas(&url);
                let all = Self { engine, writers, consumer, disk: None, server: Some(server) };
                all.query(&url, "CREATE SCHEMA writers; CREATE SCHEMA consumer")?;
                Ok(all)
            }
        }
    }

    /// The URLs for the processes under test: of the writers and the relay, and of the consumer.
    pub(crate) fn for_processes(&self) -> Result<[String; 2], Failed> {
        let urls = [&self.writers, &self.consumer];
        let Some(server) = &self.server else { return Ok(urls.map(Clone::clone)) };
        let direct = address(&self.writers)?;
        Ok(urls.map(|url| url.replace(direct, &server.proxy.address)))
    }

    /// What stands between the processes under test and the server.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.server.as_ref().map(|server| &server.proxy)
    }

    pub(crate) fn can_fill_disk(&self) -> bool {
        self.disk.as_ref().is_some_and(Disk::can_be_full)
    }

    /// How to start a program that sees the databases.
    pub(crate) fn entrance(&self) -> Entrance {
        self.disk.as_ref().map(Disk::entrance).unwrap_or_default()
    }

    /// The rows of a query, in the fields that stand between tabs.
    pub(crate) fn query(&self, url: &str, sql: &str) -> Result<Vec<Vec<String>>, Failed> {
        let text = match self.engine {
            Engine::Sqlite => output(self.entrance().command("sqlite3").args([
                "-batch",
                "-cmd",
                ".timeout 5000",
                "-separator",
                "\t",
                path_of(url),
                sql,
            ]))?,
            Engine::Postgres => output(Command::new("psql").args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-F",
                "\t",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                sql,
                url,
            ]))?,
        };
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    /// Runs SQL of somebody else's, and does not wait for it.
    pub(crate) fn run_aside(&self, sql: &str) -> Result<Child, Failed> {
        let mut command = match self.engine {
            Engine::Sqlite => {
                let mut command = self.entrance().command("sqlite3");
                command.args(["-cmd", ".timeout 5000", path_of(&self.writers), sql]);
                command
            }
            Engine::Postgres => {
                let mut command = Command::new("psql");
                command.args(["-X", "-q", "-c", sql, &self.writers]);
                command
            }
        };
        Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// Kills the server with SIGKILL, and starts it again on its data.
    pub(crate) fn crash(&self) -> Result<(), Failed> {
        let Some(Server { folder, .. }) = &self.server else { return Ok(()) };
        let file = std::fs::read_to_string(folder.join("postgres/data/postmaster.pid"))?;
        let pid = file.lines().next().ok_or("the server's pid is not known")?;
        output(Command::new("kill").args(["-KILL", pid]))?;
        services_up(folder, Service::Postgres)?;
        Ok(())
    }

    /// Moves everything, while no process is at work: to a backup that takes the file's place, or to another server on
    /// which a dump was restored.
    pub(crate) fn restore(&mut self) -> Result<(), Failed> {
        match self.engine {
            Engine::Sqlite => {
                for url in [&self.writers, &self.consumer] {
                    let backup = format!("{}.backup", path_of(url));
                    self.restore_by_library(&["--url", url, "--to", &backup])?;
                    let script = "rm -f \"$1\" \"$1-wal\" \"$1-shm\" && mv \"$2\" \"$1\"";
                    output(self.entrance().command("sh").args(["-c", script, "sh", path_of(url), &backup]))?;
                }
                Ok(())
            }
            Engine::Postgres => {
                let Some(server) = &self.server else { return Ok(()) };
                self.wait_for_silence()?;
                let dump = server.servers.join("dump.sql");
                output(Command::new("pg_dump").arg("--file").arg(&dump).arg(&self.writers))?;
                let folder = new_folder(&server.servers);
                let url = services_up(&folder, Service::Postgres)?;
                output(Command::new("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&dump).arg(&url))?;
                let moved = schemas(&url);
                for url in &moved {
                    self.restore_by_library(&["--url", url])?;
                }
                let Some(server) = &mut self.server else { return Ok(()) };
                server.proxy.lead_to(address(&url)?);
                services_down(&server.folder);
                server.folder = folder;
                [self.writers, self.consumer] = moved;
                Ok(())
            }
        }
    }

    fn restore_by_library(&self, arguments: &[&str]) -> Result<(), Failed> {
        let mut command = self.entrance().command(std::env::current_exe()?);
        command.args(["restore", "--engine", self.engine.argument()]).args(arguments);
        output(&mut command).map(drop)
    }

    /// Ends what the server still does for processes that are gone, and waits until it is ended.
    fn wait_for_silence(&self) -> Result<(), Failed> {
        let others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
        for _ in 0..100 {
            self.query(&self.writers, &format!("SELECT count(pg_terminate_backend(pid)) {others}"))?;
            let left = self.query(&self.writers, &format!("SELECT count(*) {others}"))?;
            if left == [["0"]] {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err("sessions of the server do not end".into())
    }

    /// Keeps what is held by the server, or on the disk, beside the ledgers.
    pub(crate) fn dump(&self, folder: &Path) -> Result<(), Failed> {
        if let Some(disk) = self.disk.as_ref().filter(|disk| disk.can_be_full()) {
            let kept = folder.join("kept");
            output(disk.entrance().command("cp").arg("-r").args([&disk.folder, &kept]))?;
        }
        let Some(server) = &self.server else { return Ok(()) };
        for (name, url) in [("writers", &self.writers), ("consumer", &self.consumer)] {
            let tables = self.query(url, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")?;
            for table in tables.iter().flatten() {
                let sql = format!("COPY {table} TO STDOUT WITH (FORMAT csv, HEADER)");
                let rows = output(Command::new("psql").args(["-X", "-q", "-c", &sql, url]))?;
                std::fs::write(folder.join(format!("{name}.{table}.csv")), rows)?;
            }
        }
        std::fs::copy(server.folder.join("postgres/log"), folder.join("postgres.log"))?;
        Ok(())
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            services_down(&server.folder);
        }
    }
}

/// A folder for one more server.
fn new_folder(servers: &Path) -> PathBuf {
    let mut number = 1;
    while servers.join(format!("postgres-{number}")).exists() {
        number += 1;
    }
    servers.join(format!("postgres-{number}"))
}

/// The host and the port of a URL.
fn address(url: &str) -> Result<&str, Failed> {
    let address = url.split_once('@').and_then(|(_, rest)| rest.split('/').next());
    Ok(address.ok_or("a URL has no server")?)
}

/// The URLs of the writers and of the consumer on a server.
fn schemas(server: &str) -> [String; 2] {
    ["writers", "consumer"].map(|schema| format!("{server}?options=-c%20search_path%3D{schema}"))
}

/// What `scripts/services` can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Postgres,
    Nats,
}

const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services");

/// Starts the server, or restarts it, and returns its URL.
pub(crate) fn services_up(folder: &Path, service: Service) -> Result<String, Failed> {
    let (name, variable) = match service {
        Service::Postgres => ("postgres", "export TIMESTAMP_TEST_POSTGRES="),
        Service::Nats => ("nats", "export TIMESTAMP_TEST_NATS="),
    };
    let exports = output(Command::new(SERVICES).arg("up").arg(folder).args(["--only", name]))?;
    let url = exports.lines().find_map(|line| line.strip_prefix(variable));
    Ok(url.ok_or("scripts/services names no server")?.to_owned())
}

/// Stops what is in the folder. What can not be stopped is left to `scripts/chaos`.
pub(crate) fn services_down(folder: &Path) {
    let _ = output(Command::new(SERVICES).arg("down").arg(folder));
}

fn path_of(url: &str) -> &str {
    url.strip_prefix("sqlite:").unwrap_or(url)
}

pub(crate) fn output(command: &mut Command) -> Result<String, Failed> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("`{name}` can not be run: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("`{name}`: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}
