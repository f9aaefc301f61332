//! PgBouncer between a store and its server. Where the program is not on this machine, nothing is tested, and said so.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;
use timestamp_repo::{ConnectError, Postgres};

use crate::database::{Place, Task, assert_says, server};

/// Ends with the test.
struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// `further` are lines of its configuration.
    fn start(further: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            eprintln!("not tested: PgBouncer is not installed");
            return None;
        };
        let server = server();
        let (user, address) = server.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
        let (address, database) = address.split_once('/').unwrap();
        let (host, port_of_server) = address.split_once(':').unwrap();
        // Free a moment ago; the kernel gives such a port to somebody else only when it has come round.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
        let (users, file) = (folder.path().join("users"), folder.path().join("pgbouncer.ini"));
        let to = format!("host={host} port={port_of_server} dbname={database}");
        fs::write(&users, format!("\"{user}\" \"\"\n")).unwrap();
        let settings = format!(
            "[databases]\nby_transaction = {to} pool_mode=transaction\nby_session = {to} pool_mode=session\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\nauth_file = {}\n\
             unix_socket_dir =\n{further}\n",
            users.display()
        );
        fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        if is_root() {
            // It refuses to be root, and whom it becomes must read its files.
            command.args(["-u", "nobody"]);
            assert!(Command::new("chmod").args(["-R", "a+rX"]).arg(folder.path()).status().unwrap().success());
        }
        let process = command.arg("-q").arg(&file).spawn().unwrap();
        let pooler = Self { process, port, _folder: folder };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(pooler);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("PgBouncer does not start");
    }

    /// The URL, by way of one of the pooler's databases.
    fn url(&self, url: &str, database: &str) -> String {
        let (before, after) = url.split_once('@').unwrap();
        let (_, options) = after.split_once('?').unwrap_or((after, ""));
        format!("{before}@127.0.0.1:{}/{database}?{options}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// Whether PgBouncer says what it does not understand, or drops it, is for whoever runs it to choose.
const CONFIGURATIONS: [&str; 3] =
    ["", "ignore_startup_parameters = options", "ignore_startup_parameters = options\nserver_round_robin = 1"];

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_pooler_by_transaction_is_refused() {
    let place = Place::new().await;
    for configuration in CONFIGURATIONS {
        let Some(pooler) = Pooler::start(configuration) else { break };
        let url = pooler.url(&place.url, "by_transaction");
        // Once more with processes that are there already, of which either session may get another one.
        for _ in 0..3 {
            let error = Postgres::connect(&url).await.expect_err("it was connected");
            assert!(matches!(error, ConnectError::Pooler { .. }), "{error:?}");
            assert_says(&error, &["as a transaction pooler does", "let the pooler work by session"]);
        }
    }
    assert_eq!(place.list("SELECT to_regclass('timestamp_migrations')").await, "NULL");
    place.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_pooler_by_session_does_as_well_as_the_server() {
    let place = Place::new().await;
    for configuration in CONFIGURATIONS {
        let Some(pooler) = Pooler::start(configuration) else { break };
        let options = Postgres::options().pool_size(3).lock_timeout(Duration::from_millis(1_234));
        let store = options.connect(pooler.url(&place.url, "by_session")).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut task = Task::new("a");
        tasks.save(&mut task).await.unwrap();
        for _ in 0..5 {
            let mut unit = store.begin().await.unwrap();
            let connection = unit.connection().await.unwrap();
            for (setting, expected) in [
                ("lock_timeout", "1234ms"),
                ("search_path", &*place.schema),
                ("default_transaction_isolation", "read committed"),
            ] {
                let row = connection.query_one("SELECT current_setting($1)", &[&setting]).await.unwrap();
                assert_eq!(row.get::<_, String>(0), expected);
            }
            // Gone with the unit, as it is without a pooler.
            connection.batch_execute("SET lock_timeout = 0; SET search_path = pg_catalog").await.unwrap();
            unit.commit().await.unwrap();
        }
        assert!(tasks.find(&task.id).await.unwrap().is_some());
    }
    place.remove().await;
}
