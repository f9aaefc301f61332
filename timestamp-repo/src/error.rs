//! One error type per operation, by outcome: what a caller can do about it, not which layer it came from.
//!
//! No driver's error type is in a signature; it is the `source` of a [`BackendError`]. A rejected value is in no text.

use std::error::Error;
use std::fmt;
use std::panic::Location;
#[cfg(feature = "sqlite")]
use std::path::Path;
use std::path::PathBuf;

use timestamp_core::ValidationError;

/// Why an entity was not saved, touched in bulk, or deleted.
///
/// The entity still has its pending events, and saving it again is safe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The stored row has another version than the one this entity was loaded with, or is gone.
    #[error("the stored row was changed or deleted since this entity was loaded: load it again and repeat the change")]
    Conflict,
    /// A row with this id exists, or existed: ids are not reused.
    #[error("an entity with this id exists already, or existed and was deleted: create it with another id")]
    AlreadyExists,
    /// The entity's columns differ from the stored ones, and no event says so.
    #[error("the entity was changed without `touch`: call `touch(reason)` where it changes")]
    ChangedWithoutTouch,
    /// The timestamps belong to another entity, or are not those that were stored.
    #[error(
        "the timestamps do not belong to this entity, or the stored ones were changed by other code: load the entity again"
    )]
    TimestampsTampered,
    /// The entity was written in another transaction that has not ended.
    #[error("the entity is in flight: another transaction has written it and not ended yet; save it again after that")]
    InFlight,
    /// The entity breaks its own invariants.
    #[error("the entity is not valid: {0}")]
    Invalid(#[source] ValidationError),
    /// A constraint or trigger of the table refused the row.
    #[error("the constraint `{name}` refused the row")]
    Constraint {
        /// The constraint's name, or the table and columns of one without a name.
        name: String,
    },
    /// Somebody else held what this needs for longer than the store waits: the write lock on SQLite; the row, or every
    /// connection, on PostgreSQL.
    #[error(transparent)]
    Busy(Busy),
    /// The store was opened for reading.
    #[error("the store is read-only: to write, open it without `read_only()`")]
    ReadOnly,
    /// Nobody knows whether the save was stored: the answer to COMMIT was lost.
    ///
    /// Save again, or ask [`Repository::resolve`](crate::Repository::resolve).
    #[error("the answer to COMMIT was lost: save again, or call `resolve`")]
    OutcomeUnknown,
    /// The database failed; nothing was stored.
    #[error(transparent)]
    Backend(BackendError),
}

impl SaveError {
    /// Returns whether the row is not the one that this entity was loaded from; load it again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }

    /// Returns whether saving the same entity again, unchanged and a little later, can succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy(busy) => !busy.same_task,
            Self::InFlight | Self::OutcomeUnknown => true,
            _ => false,
        }
    }

    /// Returns whether the save may have been stored all the same.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown)
    }
}

/// Why a batch was not saved. None of it was.
#[derive(Debug, thiserror::Error)]
#[error("entity {index} of the batch: {error}")]
pub struct SaveAllError {
    /// The place of the entity at fault in the batch, from 0; 0 where the whole batch failed.
    pub index: usize,
    /// What is wrong with it.
    #[source]
    pub error: SaveError,
}

/// Why an entity was not loaded, changed and saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// No row has this id.
    #[error("there is no entity with this id")]
    NotFound,
    /// The row could not be loaded.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The changed entity could not be saved; a [`SaveError::Conflict`] if others changed it at every attempt.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl UpdateError {
    /// Returns whether no row has this id.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound)
    }
}

/// Why rows or events could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// A stored row does not hold what the entity needs.
    #[error("table `{table}`, column `{column}`, row with id `{id}`: {message}")]
    Unreadable {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The row's id.
        id: String,
        /// What is wrong with the column; never its value.
        message: String,
    },
    /// The database failed, or could not understand the SQL of a filter.
    #[error(transparent)]
    Backend(BackendError),
}

/// Why a unit of work could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The database failed.
    #[error(transparent)]
    Backend(BackendError),
}

/// Why a unit of work was not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Not stored: a constraint that is checked at COMMIT refused it.
    #[error("the constraint `{name}` refused the commit; nothing was stored")]
    Constraint {
        /// The constraint's name, or what kind of constraint it is.
        name: String,
    },
    /// Not stored: the database had ended the transaction before, after an error.
    #[error("the transaction was rolled back before the commit; nothing was stored: begin another unit and save again")]
    RolledBack,
    /// The transaction was ended by SQL other than the unit's own.
    #[error("other SQL ended the transaction, which is the unit's to end; what was saved before that is {}", if *stored { "stored" } else { "not stored" })]
    EndedElsewhere {
        /// Whether what was saved before is stored.
        stored: bool,
    },
    /// Nobody knows whether it was stored. Save the entities again, or ask
    /// [`Repository::resolve`](crate::Repository::resolve).
    #[error("the answer to COMMIT was lost: save the entities again, or call `resolve`")]
    OutcomeUnknown,
    /// Not stored: the database failed.
    #[error(transparent)]
    Backend(BackendError),
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is not an SQLite database, or a damaged one.
    #[error("`{}` is not an SQLite database, or it is damaged: {source}", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: BackendError,
    },
    /// The file, or its folder, can not be written to.
    #[error("`{}` can not be written to: {source}; to read it, open it with `Sqlite::options().read_only()`", path.display())]
    ReadOnlyFile {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: BackendError,
    },
    /// The store was to be opened for reading, and its framework tables are missing or too old.
    #[error("`{}` has no framework tables of version {expected}: open it once for writing", path.display())]
    NotMigrated {
        /// The file.
        path: PathBuf,
        /// The version that this program needs.
        expected: u32,
    },
    /// The framework tables were written by a newer version of this library, or were changed by hand.
    #[error("`{}`: {message}", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What is wrong, and with which migration.
        message: String,
    },
    /// The file could not be opened.
    #[error("`{}` can not be opened: {source}", path.display())]
    Backend {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: BackendError,
    },
}

/// Why a store could not be connected to. No text of it holds the password.
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is none that can be understood.
    #[error("the URL is not understood: {message}")]
    Url {
        /// What is wrong with it.
        message: String,
    },
    /// Nobody answered, or a server that takes no connections now.
    #[error("`{server}` can not be reached: {source}")]
    Unreachable {
        /// Host, port and database.
        server: String,
        /// What happened.
        #[source]
        source: BackendError,
    },
    /// The server did not accept user and password.
    #[error("`{server}` does not let the user `{user}` in: {source}")]
    Authentication {
        /// Host, port and database.
        server: String,
        /// The user.
        user: String,
        /// What the server said.
        #[source]
        source: BackendError,
    },
    /// The server has no such database.
    #[error("`{server}` has no database `{database}`: create it, or name another at the end of the URL")]
    NoDatabase {
        /// Host, port and database.
        server: String,
        /// The database.
        database: String,
    },
    /// The connection could not be encrypted as the URL asks.
    #[error("no TLS with `{server}`: {source}")]
    Tls {
        /// Host, port and database.
        server: String,
        /// What stands in the way.
        #[source]
        source: BackendError,
    },
    /// The server is too old.
    #[error("`{server}` runs PostgreSQL {version}, and version {oldest} or later is needed")]
    TooOld {
        /// Host, port and database.
        server: String,
        /// Its version.
        version: u32,
        /// The oldest that will do.
        oldest: u32,
    },
    /// The user may not do what the store needs.
    #[error("the user `{user}` lacks a privilege on `{server}`: {source}")]
    Privilege {
        /// Host, port and database.
        server: String,
        /// The user.
        user: String,
        /// What the server refused.
        #[source]
        source: BackendError,
    },
    /// What answers is a connection pooler, which gives each transaction another session.
    #[error(
        "`{server}` does not keep the session's settings, as a transaction pooler does: connect to the server itself, or \
         let the pooler work by session"
    )]
    Pooler {
        /// Host, port and database.
        server: String,
    },
    /// The store was to be opened for reading, and its framework tables are missing or too old.
    #[error("`{server}` has no framework tables of version {expected}: connect once for writing")]
    NotMigrated {
        /// Host, port and database.
        server: String,
        /// The version that this program needs.
        expected: u32,
    },
    /// The framework tables were written by a newer version of this library, or were changed by hand.
    #[error("`{server}`: {message}")]
    Migration {
        /// Host, port and database.
        server: String,
        /// What is wrong, and with which migration.
        message: String,
    },
    /// The framework tables were made on another server, and this one has a copy of them.
    #[error(
        "`{server}` is not the server that its framework tables were made on: they came with a restored dump, a logical \
         copy or `pg_upgrade`, and what they say of transactions is not true here; if nothing writes to the old server \
         any more, connect once with `Postgres::options().rebase()`"
    )]
    OtherServer {
        /// Host, port and database.
        server: String,
    },
    /// The database failed.
    #[error("`{server}` can not be used: {source}")]
    Backend {
        /// Host, port and database.
        server: String,
        /// What it said.
        #[source]
        source: BackendError,
    },
}

/// Why a table can not hold its entity, or could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// The table exists and does not fit the entity.
    #[error("table `{table}` does not fit `{entity}`: {}", problems.join("; "))]
    Mismatch {
        /// The table.
        table: String,
        /// The entity's type.
        entity: &'static str,
        /// Everything that does not fit, each naming its column.
        problems: Vec<String>,
    },
    /// The table does not exist, and the store was opened for reading.
    #[error("table `{table}` does not exist, and the store is read-only: open it once for writing")]
    Missing {
        /// The table.
        table: String,
    },
    /// Somebody else held what this needs for longer than the store waits: the write lock on SQLite; the row, or every
    /// connection, on PostgreSQL.
    #[error(transparent)]
    Busy(Busy),
    /// The database failed.
    #[error(transparent)]
    Backend(BackendError),
}

/// Why a copy of the store could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something is there already; a backup never overwrites.
    #[error("`{}` exists already, and a backup never overwrites: choose another path", path.display())]
    Exists {
        /// Where the copy was to go.
        path: PathBuf,
    },
    /// The copy could not be written.
    #[error("`{}` can not be written: {source}", path.display())]
    Backend {
        /// Where the copy was to go.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: BackendError,
    },
}

/// Who held the lock that was needed, as far as that is known.
#[derive(Clone, Debug)]
pub struct Busy {
    pub(crate) unit: Option<&'static Location<'static>>,
    pub(crate) same_task: bool,
}

impl Busy {
    /// Returns where the unit of work began that held the lock; nothing if it was another process or a long queue.
    #[must_use]
    pub fn unit(&self) -> Option<&'static Location<'static>> {
        self.unit
    }

    /// Returns whether that unit is open in the very task that wanted the lock. Waiting would have been in vain.
    #[must_use]
    pub fn is_same_task(&self) -> bool {
        self.same_task
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unit, self.same_task) {
            (Some(unit), true) => write!(
                f,
                "a unit of work of this same task, begun at {unit}, holds the lock that is needed: save through the unit, \
                 or end it first"
            ),
            (Some(unit), false) => write!(
                f,
                "the database is busy: a unit of work begun at {unit} held the lock that is needed for longer than the \
                 store waits"
            ),
            (None, _) => f.write_str(
                "the database is busy: another program, or a queue of saves, held what is needed for longer than the store \
                 waits",
            ),
        }
    }
}

impl Error for Busy {}

/// A failure of the database that has no outcome of its own: what was going on, and as its source what the driver said.
pub struct BackendError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    /// The trouble is with the database file, not with what was asked of it.
    #[cfg(feature = "sqlite")]
    about_file: bool,
}

impl BackendError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
            #[cfg(feature = "sqlite")]
            about_file: false,
        }
    }

    pub(crate) fn because(message: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            message: message.into(),
            source: Some(Box::new(source)),
            #[cfg(feature = "sqlite")]
            about_file: false,
        }
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn about_file(mut self) -> Self {
        self.about_file = true;
        self
    }

    /// Names the file, where the trouble is with it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        if std::mem::take(&mut self.about_file) {
            self.message = format!("`{}`: {}", path.display(), self.message);
        }
        self
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// The words and not the parts: this is what a `main` prints that returns the error.
impl fmt::Debug for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BackendError").field(&format_args!("{self}")).finish()
    }
}
