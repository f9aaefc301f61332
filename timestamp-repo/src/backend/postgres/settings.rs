//! What every session is told when it begins.
//!
//! A server takes it with the connection, and `RESET ALL` leads back to it. A pooler may not pass it on; then each session
//! sets it by hand, and again after a reset.

use std::time::Duration;

use super::options::PostgresOptions;

/// Settings in the order in which they are made: the user's own before the store's, which win.
#[derive(Clone)]
pub(super) struct Settings {
    /// As the URL has them.
    given: String,
    own: Vec<(&'static str, String)>,
}

impl Settings {
    pub(super) fn new(given: &str, options: &PostgresOptions) -> Self {
        let read_only = if options.read_only { "on" } else { "off" };
        let own = vec![
            ("lock_timeout", millis(options.lock_timeout).to_string()),
            ("statement_timeout", millis(options.effective_statement_timeout()).to_string()),
            // What a refused save looks at afterwards must be newer than what refused it.
            ("default_transaction_isolation", "read committed".to_owned()),
            ("default_transaction_read_only", read_only.to_owned()),
            ("standard_conforming_strings", "on".to_owned()),
        ];
        Self { given: given.to_owned(), own }
    }

    /// For the connection's `options`.
    pub(super) fn startup(&self) -> String {
        let mut text = self.given.clone();
        for (name, value) in &self.own {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&format!("-c {name}={}", value.replace(' ', "\\ ")));
        }
        text
    }

    /// SQL that makes the same settings. Nothing if the URL has options that are no settings.
    pub(super) fn by_hand(&self) -> Option<String> {
        let quoted = |text: &str| format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
        let own = self.own.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let all = read(&self.given)?.into_iter().chain(own);
        let calls: Vec<String> =
            all.map(|(name, value)| format!("set_config({}, {}, false)", quoted(&name), quoted(&value))).collect();
        Some(format!("SELECT {}", calls.join(", ")))
    }
}

/// The settings among options of the form `-c name=value` or `--name=value`, if there is nothing else.
fn read(options: &str) -> Option<Vec<(String, String)>> {
    let mut settings = Vec::new();
    let mut words = words(options).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("-c") {
            Some("") => words.next()?,
            Some(setting) => setting.to_owned(),
            None => word.strip_prefix("--")?.to_owned(),
        };
        let (name, value) = setting.split_once('=')?;
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Some(settings)
}

/// Splits at spaces, but not at those behind a backslash.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match words.last_mut() {
            Some(word) if sign == '\\' => word.extend(signs.next()),
            Some(word) if !sign.is_whitespace() => word.push(sign),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// At least one: 0 means "for ever" to the server.
pub(super) fn millis(duration: Duration) -> u128 {
    duration.as_millis().clamp(1, i32::MAX as u128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_url_are_made_by_hand_as_the_server_would() {
        let options = PostgresOptions::default();
        let by_hand = |given: &str| Settings::new(given, &options).by_hand();
        let sql = by_hand(r"-c search_path=it\ is\\it's  -cjit=off --work-mem=1MB").unwrap();
        let begin = r"SELECT set_config(E'search_path', E'it is\\it''s', false), set_config(E'jit', E'off', false), ";
        assert!(sql.starts_with(begin), "{sql}");
        assert!(sql.contains("set_config(E'work_mem', E'1MB', false), set_config(E'lock_timeout', E'5000', false)"));
        assert!(sql.ends_with("set_config(E'standard_conforming_strings', E'on', false)"), "{sql}");
        assert!(by_hand("-c").is_none() && by_hand("-d 3").is_none() && by_hand("-c jit").is_none());
    }

    #[test]
    fn settings_of_the_store_stand_behind_those_of_the_url() {
        let text = Settings::new("-c lock_timeout=0", &PostgresOptions::default()).startup();
        assert!(text.starts_with("-c lock_timeout=0 -c lock_timeout=5000 "), "{text}");
        assert!(text.contains(r"-c default_transaction_isolation=read\ committed"), "{text}");
    }
}
