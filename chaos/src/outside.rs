//! The databases as the driver sees them: with `sqlite3` and `psql`, never with the code under test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::database::Failed;

/// Which database a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// The database of the writers and the relay, and the one of the consumer.
#[derive(Debug)]
pub(crate) struct Databases {
    pub(crate) engine: Engine,
    pub(crate) writers: String,
    pub(crate) consumer: String,
    /// The folder that `scripts/services` has its server in.
    services: Option<PathBuf>,
}

impl Databases {
    /// `servers` is a folder that whoever gave it removes at last.
    pub(crate) fn start(engine: Engine, folder: &Path, servers: Option<&Path>) -> Result<Self, Failed> {
        std::fs::create_dir_all(folder)?;
        match engine {
            Engine::Sqlite => {
                let url = |name: &str| format!("sqlite:{}", folder.join(name).display());
                let (writers, consumer) = (url("writers.db"), url("consumer.db"));
                query_sqlite(&writers, "SELECT 1")?;
                Ok(Self { engine, writers, consumer, services: None })
            }
            Engine::Postgres => {
                // A socket's path is short, so the server has a folder of its own.
                let services = match servers {
                    Some(servers) => servers.to_owned(),
                    None => tempfile::Builder::new().prefix("chaos-").tempdir()?.keep(),
                };
                let server = services_up(&services)?;
                let url = |schema: &str| format!("{server}?options=-c%20search_path%3D{schema}");
                let all = Self { engine, writers: url("writers"), consumer: url("consumer"), services: Some(services) };
                all.query(&server, "CREATE SCHEMA writers; CREATE SCHEMA consumer")?;
                Ok(all)
            }
        }
    }

    /// The rows of a query, in the fields that stand between tabs.
    pub(crate) fn query(&self, url: &str, sql: &str) -> Result<Vec<Vec<String>>, Failed> {
        let text = match self.engine {
            Engine::Sqlite => query_sqlite(url, sql)?,
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
                let mut command = Command::new("sqlite3");
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
        let Some(services) = &self.services else { return Ok(()) };
        let file = std::fs::read_to_string(services.join("postgres/data/postmaster.pid"))?;
        let pid = file.lines().next().ok_or("the server's pid is not known")?;
        output(Command::new("kill").args(["-KILL", pid]))?;
        services_up(services)?;
        Ok(())
    }

    /// Keeps what the server holds, beside the ledgers.
    pub(crate) fn dump(&self, folder: &Path) -> Result<(), Failed> {
        let Some(services) = &self.services else { return Ok(()) };
        for (name, url) in [("writers", &self.writers), ("consumer", &self.consumer)] {
            let tables = self.query(url, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")?;
            for table in tables.iter().flatten() {
                let sql = format!("COPY {table} TO STDOUT WITH (FORMAT csv, HEADER)");
                let rows = output(Command::new("psql").args(["-X", "-q", "-c", &sql, url]))?;
                std::fs::write(folder.join(format!("{name}.{table}.csv")), rows)?;
            }
        }
        std::fs::copy(services.join("postgres/log"), folder.join("postgres.log"))?;
        Ok(())
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        if let Some(services) = &self.services {
            let _ = output(Command::new(SERVICES).arg("down").arg(services));
        }
    }
}

const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services");

/// Starts the server, or restarts it, and returns its URL.
fn services_up(folder: &Path) -> Result<String, Failed> {
    let exports = output(Command::new(SERVICES).arg("up").arg(folder).args(["--only", "postgres"]))?;
    let url = exports.lines().find_map(|line| line.strip_prefix("export TIMESTAMP_TEST_POSTGRES="));
    Ok(url.ok_or("scripts/services names no server")?.to_owned())
}

fn path_of(url: &str) -> &str {
    url.strip_prefix("sqlite:").unwrap_or(url)
}

fn query_sqlite(url: &str, sql: &str) -> Result<String, Failed> {
    output(Command::new("sqlite3").args(["-batch", "-cmd", ".timeout 5000", "-separator", "\t", path_of(url), sql]))
}

fn output(command: &mut Command) -> Result<String, Failed> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("`{name}` can not be run: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("`{name}`: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}
