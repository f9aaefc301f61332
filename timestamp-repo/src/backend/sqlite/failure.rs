//! What SQLite says, as outcomes.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::error::{BackendError, Busy, CommitError, FindError, RepositoryError, SaveAllError, SaveError};

pub(super) fn code(error: &Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// Whether another connection or process holds the write lock.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(code(error), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether the file is no database, or a damaged one.
pub(super) fn is_damaged(error: &Error) -> bool {
    matches!(code(error), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Whether the file may be read and not written.
pub(super) fn is_read_only(error: &Error) -> bool {
    matches!(code(error), Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied))
}

/// Whether a COMMIT that failed like this may have reached the disk all the same.
pub(super) fn may_be_stored(error: &Error) -> bool {
    matches!(code(error), Some(ErrorCode::SystemIoFailure))
}

/// Returns the name of the constraint, if one was violated.
///
/// SQLite says `UNIQUE constraint failed: tasks.title` or `CHECK constraint failed: short_title`; the name is what comes
/// after. A foreign key has no name there, and a trigger says what its author made it say.
pub(super) fn constraint(error: &Error) -> Option<String> {
    let Error::SqliteFailure(failure, message) = error else { return None };
    if failure.code != ErrorCode::ConstraintViolation {
        return None;
    }
    let message = message.as_deref().unwrap_or("unknown constraint");
    let name = match message.split_once(" constraint failed: ") {
        Some((_, name)) => name,
        None => message.strip_suffix(" constraint failed").unwrap_or(message),
    };
    Some(name.to_owned())
}

/// The outcome of a statement that failed inside a save, where no more is known.
pub(super) fn save_error(error: Error) -> SaveError {
    if let Some(name) = constraint(&error) {
        return SaveError::Constraint { name };
    }
    if is_busy(&error) {
        return SaveError::Busy(Busy { unit: None, same_task: false });
    }
    if matches!(code(&error), Some(ErrorCode::ReadOnly)) {
        return SaveError::ReadOnly;
    }
    SaveError::Backend(backend(error))
}

/// A filter whose placeholders and values are not as many. SQLite takes a value that is missing for NULL.
pub(super) fn wrong_count(expected: usize, given: usize) -> BackendError {
    let placeholders = if expected == 1 { "placeholder" } else { "placeholders" };
    let were = if given == 1 { "value was" } else { "values were" };
    BackendError::new(format!("the SQL has {expected} {placeholders}, and {given} {were} given"))
}

pub(super) fn backend(error: Error) -> BackendError {
    // What the driver says of wrong SQL repeats the SQL, with whatever is written into it.
    let error = match error {
        Error::SqlInputError { error, msg, .. } => Error::SqliteFailure(error, Some(msg)),
        other => other,
    };
    let what = match code(&error) {
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::NotADatabase) => "SQLite can not read it",
        Some(ErrorCode::DatabaseCorrupt) => "the database is damaged",
        Some(ErrorCode::SystemIoFailure) => "reading or writing the database failed",
        Some(ErrorCode::CannotOpen) => "the database can not be opened",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "the database is busy",
        _ => return BackendError::because("SQLite refused a statement", error),
    };
    BackendError::because(what, error).about_file()
}

/// An error that may be about the database file, and then names it.
pub(super) trait InFile {
    fn in_file(self, path: &Path) -> Self;
}

macro_rules! in_file {
    ($($error:ident),*) => {$(
        impl InFile for $error {
            fn in_file(self, path: &Path) -> Self {
                match self {
                    Self::Backend(error) => Self::Backend(error.in_file(path)),
                    other => other,
                }
            }
        }
    )*};
}

in_file!(SaveError, FindError, CommitError, RepositoryError);

impl InFile for SaveAllError {
    fn in_file(self, path: &Path) -> Self {
        Self { index: self.index, error: self.error.in_file(path) }
    }
}
