//! What PostgreSQL says, as outcomes.

use std::error::Error;
use std::fmt;

use timestamp_core::ValidationError;
use tokio_postgres::error::{Severity, SqlState};

use crate::error::{BackendError, Busy, SaveError};

/// Why a statement did not do what it should.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said no: nothing was done, and the session goes on.
    Refused(Refusal),
    /// The statement was on its way, and nobody knows what became of it. The session is over.
    Lost(String),
    /// The statement never left.
    NotSent(String),
}

/// A refusal in the server's words, as far as they repeat no value: its `DETAIL` does, so it is left out.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: SqlState,
    pub(super) constraint: Option<String>,
    pub(super) table: Option<String>,
    message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.code();
        if repeats_values(&self.code) {
            write!(f, "the server can not take a value (SQLSTATE {code})")
        } else {
            write!(f, "{} (SQLSTATE {code})", self.message)
        }
    }
}

impl Error for Refusal {}

/// Whether messages of this class, "data exception", say what the value was.
fn repeats_values(code: &SqlState) -> bool {
    code.code().starts_with("22")
}

/// What is known of an answer that never came.
#[derive(Debug)]
struct NoAnswer(String);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NoAnswer {}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            // The driver has no better word for what it finds out before it sends anything.
            let words = error.to_string();
            let unsent = ["error serializing", "error encoding", "expected "].iter().any(|it| words.starts_with(it));
            return if unsent {
                Self::NotSent(format!("{words}{cause}"))
            } else {
                Self::Lost(format!("{words}{cause}"))
            };
        };
        match said.parsed_severity() {
            Some(Severity::Error) => Self::Refused(Refusal {
                code: said.code().clone(),
                constraint: said.constraint().map(str::to_owned),
                table: said.table().map(str::to_owned),
                message: if repeats_values(said.code()) { String::new() } else { said.message().to_owned() },
            }),
            _ => Self::Lost(format!("{} (SQLSTATE {})", said.message(), said.code().code())),
        }
    }
}

impl Failure {
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Lost(_) | Self::NotSent(_) => None,
        }
    }

    pub(super) fn has_code(&self, code: &SqlState) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == *code)
    }

    /// Whether the statement waited for a lock for too long, or had to give way to break a deadlock.
    pub(super) fn is_busy(&self) -> bool {
        [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE]
            .iter()
            .any(|code| self.has_code(code))
    }

    /// Returns the name of the constraint, if one was violated. A trigger says what its author made it say.
    pub(super) fn constraint(&self) -> Option<String> {
        let refusal = self.refusal()?;
        if refusal.code.code().starts_with("23") {
            let unnamed =
                || refusal.table.as_ref().map_or("NOT NULL".to_owned(), |table| format!("NOT NULL on {table}"));
            return Some(refusal.constraint.clone().unwrap_or_else(unnamed));
        }
        (refusal.code == SqlState::RAISE_EXCEPTION).then(|| refusal.message.clone())
    }

    /// The outcome of a statement that failed inside a save, where no more is known. `deciding`: if it was done, the
    /// save is stored.
    pub(super) fn into_save_error(self, deciding: bool) -> SaveError {
        if let Some(name) = self.constraint() {
            return SaveError::Constraint { name };
        }
        if self.is_busy() {
            return SaveError::Busy(Busy { unit: None, same_task: false });
        }
        if self.has_code(&SqlState::READ_ONLY_SQL_TRANSACTION) {
            return SaveError::ReadOnly;
        }
        match self {
            Self::Lost(_) if deciding => SaveError::OutcomeUnknown,
            Self::Refused(refusal) if repeats_values(&refusal.code) => SaveError::Invalid(ValidationError::new(
                refusal.table.clone().unwrap_or_else(|| "row".to_owned()),
                refusal.to_string(),
            )),
            other => SaveError::Backend(other.into_backend()),
        }
    }

    pub(super) fn into_backend(self) -> BackendError {
        match self {
            Self::Refused(refusal) if refusal.code == SqlState::QUERY_CANCELED => {
                BackendError::because("the statement took longer than the statement timeout, or was cancelled", refusal)
            }
            Self::Refused(refusal) => BackendError::because("PostgreSQL refused a statement", refusal),
            Self::Lost(why) => BackendError::because("the connection to PostgreSQL was lost", NoAnswer(why)),
            Self::NotSent(why) => BackendError::because("a statement could not be sent", NoAnswer(why)),
        }
    }
}

/// A filter whose placeholders and values are not as many.
pub(super) fn wrong_count(expected: usize, given: usize) -> BackendError {
    let placeholders = if expected == 1 { "placeholder" } else { "placeholders" };
    let were = if given == 1 { "value was" } else { "values were" };
    BackendError::new(format!("the SQL has {expected} {placeholders}, and {given} {were} given"))
}
