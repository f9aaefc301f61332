//! `Failure`: why a replay did not end well, and the exit code that says so.

use std::error::Error;
use std::io::{self, ErrorKind, Write};

use timestamp_core::ValidationError;
use timestamp_repo::{BeginError, CommitError, FindError, OpenError, RepositoryError, SaveError, rusqlite};
#[cfg(feature = "postgres")]
use timestamp_repo::{ConnectError, tokio_postgres};

#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong, or ask for help.
    Usage(clap::Error),
    /// There is no history, or it can not be read.
    History(String),
    /// The database can not be used, or belongs to another history.
    Database(String),
    /// Outbox and files do not agree.
    Disagreement(String),
    Unexpected(Box<dyn Error>),
}

impl Failure {
    /// Prints one line that says why, and returns the exit code.
    pub(crate) fn report(&self, out: &mut impl Write, errors: &mut impl Write) -> u8 {
        let (code, line) = match self {
            Self::Usage(usage) => {
                // Help and version are no errors.
                let stream: &mut dyn Write = if usage.use_stderr() { errors } else { out };
                // Whoever can not be written to can not be told so either.
                let _ = write!(stream, "{usage}");
                return u8::try_from(usage.exit_code()).unwrap_or(2);
            }
            Self::History(line) => (3, line.clone()),
            Self::Database(line) => (4, line.clone()),
            Self::Disagreement(line) => (5, line.clone()),
            // The reader has seen enough, as in `git_history | head`.
            Self::Unexpected(error) if is_broken_pipe(error.as_ref()) => return 0,
            Self::Unexpected(error) => (1, chain(error.as_ref())),
        };
        let _ = writeln!(errors, "error: {line}");
        code
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Returns an error and its causes, each said once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

macro_rules! failures {
    ($($(#[$attribute:meta])* $error:ty => $make:expr),* $(,)?) => {$(
        $(#[$attribute])*
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let make: fn(&$error) -> Self = $make;
                make(&error)
            }
        }
    )*};
}

failures! {
    BeginError => |error| Self::Database(chain(error)),
    CommitError => |error| Self::Database(chain(error)),
    #[cfg(feature = "postgres")]
    ConnectError => |error| Self::Database(chain(error)),
    FindError => |error| Self::Database(chain(error)),
    OpenError => |error| Self::Database(chain(error)),
    RepositoryError => |error| Self::Database(chain(error)),
    SaveError => |error| Self::Database(chain(error)),
    rusqlite::Error => |error| Self::Database(chain(error)),
    #[cfg(feature = "postgres")]
    tokio_postgres::Error => |error| Self::Database(chain(error)),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unexpected(Box::new(error))
    }
}

impl From<ValidationError> for Failure {
    fn from(error: ValidationError) -> Self {
        Self::Unexpected(Box::new(error))
    }
}

impl From<indicatif::style::TemplateError> for Failure {
    fn from(error: indicatif::style::TemplateError) -> Self {
        Self::Unexpected(Box::new(error))
    }
}
