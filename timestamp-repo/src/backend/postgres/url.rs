//! What a connection URL asks for: where the server is, and how it is to be trusted.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::options::PostgresOptions;
use super::settings::Settings;

/// A URL, understood.
#[derive(Clone)]
pub(super) struct Target {
    /// Without the settings.
    pub(super) config: Config,
    pub(super) settings: Settings,
    pub(super) server: Server,
    pub(super) verify: bool,
    pub(super) root_certificate_file: Option<PathBuf>,
}

impl Target {
    pub(super) fn user(&self) -> String {
        self.config.get_user().unwrap_or("?").to_owned()
    }
}

/// A server and a database, for messages: no user, no password.
#[derive(Clone, Debug)]
pub(super) struct Server(String);

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const SHAPE: &str = "expected `postgres://user:password@host:port/database`, with signs such as `@`, `/` or `?` in a \
                     password written as `%40`, `%2F` or `%3F`";

/// Reads a URL. The error is in words, and repeats no part of the URL in which a password may stand.
pub(super) fn parse(url: &str, options: &PostgresOptions) -> Result<Target, String> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(format!("it does not begin with `postgres://`: {SHAPE}"));
    }
    let (base, query) = split_query(url);
    let mut verify = false;
    let mut root_certificate_file = None;
    let mut given = String::new();
    let mut passed_on = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            // The driver knows no verification; here it is done by whoever asks for TLS.
            Some(("sslmode", "verify-ca" | "verify-full")) => passed_on.push("sslmode=require"),
            Some(("sslrootcert", path)) => root_certificate_file = Some(PathBuf::from(unescape(path))),
            Some(("sslmode", mode)) if !matches!(mode, "disable" | "prefer" | "require") => {
                return Err("`sslmode` is one of `disable`, `prefer`, `require` and `verify-full`".to_owned());
            }
            Some(("options", settings)) => given = unescape(settings),
            // What stands between the driver and rustls reads no certificate (tokio-postgres-rustls 0.13.0), so that it
            // would look as if the server did not offer it.
            Some(("channel_binding", "require")) => {
                return Err(
                    "`channel_binding=require` is not supported: `sslmode=verify-full` proves who the server is"
                        .to_owned(),
                );
            }
            _ => passed_on.push(pair),
        }
    }
    let mut rebuilt = base.to_owned();
    if !passed_on.is_empty() {
        rebuilt.push('?');
        rebuilt.push_str(&passed_on.join("&"));
    }
    let mut config: Config = rebuilt.parse().map_err(|error| because(&error, &passed_on))?;
    verify |= config.get_ssl_mode() == SslMode::Require;
    if config.get_user().is_none_or(str::is_empty) {
        return Err(format!("it names no user: {SHAPE}"));
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(format!("it names no host: {SHAPE}"));
    }
    let server = Server(describe(&config));
    let settings = Settings::new(&given, options);
    set_up(&mut config, options);
    Ok(Target { config, settings, server, verify, root_certificate_file })
}

/// A `?` before the last `@` is part of a password that was not escaped.
fn split_query(url: &str) -> (&str, &str) {
    let from = url.rfind('@').unwrap_or(0);
    match url[from..].find('?') {
        Some(at) => (&url[..from + at], &url[from + at + 1..]),
        None => (url, ""),
    }
}

fn because(error: &tokio_postgres::Error, options: &[&str]) -> String {
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    // The driver repeats the name of an option that it does not know. It may show what stands behind the last `@`.
    let unknown =
        options.iter().filter_map(|pair| pair.split('=').next()).find(|name| said.contains(&format!("`{name}`")));
    match unknown {
        Some(name) if said.starts_with("unknown option") => format!("it has the option `{name}`, which is not known"),
        Some(name) => format!("the option `{name}` has a value that is not understood"),
        None if said.contains("`port`") => format!("the port is not a number from 1 to 65535: {SHAPE}"),
        None => SHAPE.to_owned(),
    }
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn describe(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| match host {
            Host::Tcp(name) => format!("{name}:{}", port(index)),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{}", path.display(), port(index)),
        })
        .collect();
    let hosts = if hosts.is_empty() { config.get_hostaddrs().iter().map(ToString::to_string).collect() } else { hosts };
    let database = config.get_dbname().or(config.get_user()).unwrap_or("?");
    format!("{}/{database}", hosts.join(","))
}

fn set_up(config: &mut Config, options: &PostgresOptions) {
    match &options.application_name {
        Some(name) => _ = config.application_name(name),
        None if config.get_application_name().is_none() => _ = config.application_name("timestamp-repo"),
        None => {}
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        parse(url, &PostgresOptions::default()).err().unwrap_or_else(|| panic!("`{url}` was accepted"))
    }

    #[test]
    fn a_password_is_in_no_message() {
        for url in [
            "postgres://ada:hunter2@db:port/app",
            "postgres://ada:hunter2@db/app?sslmode=sometimes",
            "postgres://ada:hunter2@db/app?colour=red",
            "mysql://ada:hunter2@db/app",
            "postgres://ada:hunter2@/app",
            "host=db password=hunter2",
        ] {
            let message = refused(url);
            assert!(!message.contains("hunter2") && !message.contains("ter2"), "{message}");
        }
    }

    #[test]
    fn a_password_with_a_question_mark_stays_a_password() {
        let target = parse("postgres://ada:hun?ter2=x@db/app", &PostgresOptions::default()).unwrap();
        assert_eq!(target.config.get_password(), Some(&b"hun?ter2=x"[..]));
        assert_eq!(target.server.to_string(), "db:5432/app");
    }

    #[test]
    fn a_url_that_is_wrong_is_told_where() {
        assert!(refused("postgres://ada@db:port/app").contains("port"));
        assert!(refused("postgres://ada@db/app?colour=red").contains("`colour`"));
        assert!(refused("postgres://ada@db/app?sslmode=sometimes").contains("`sslmode`"));
        assert!(refused("postgres://db/app").contains("user"));
        assert!(refused("postgres://ada@db/app?channel_binding=require").contains("not supported"));
    }

    #[test]
    fn the_server_is_named_without_its_user() {
        let target =
            parse("postgres://ada:hunter2@db:6000/app?sslmode=verify-full", &PostgresOptions::default()).unwrap();
        assert_eq!(target.server.to_string(), "db:6000/app");
        assert!(target.verify);
    }
}
