//! Opens a database file, and says what stands in the way.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use rusqlite::ErrorCode;
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::checkpoint::Checkpointer;
use super::group::Queue;
use super::migrations::{self, MigrationError};
use super::options::SqliteOptions;
use super::read::{ActiveReads, Readers};
use super::store::{Inner, Write};
use super::writer::{CommitFailure, Holder, Writer};
use super::{connection, failure};
use crate::error::{BackendError, OpenError, SaveError};

impl Inner {
    pub(super) fn open(path: PathBuf, options: SqliteOptions, temporary: Option<TempDir>) -> Result<Self, OpenError> {
        if let Some(why) = no_file(&path) {
            return Err(OpenError::Backend { path, source: BackendError::new(why) });
        }
        // Readers open the file later, when the program may stand in another folder.
        let path = std::path::absolute(&path).unwrap_or(path);
        let readers = Readers::new(path.clone(), options.busy_timeout);
        let reads = Arc::new(ActiveReads::default());
        let write = if options.read_only {
            check_read_only(&path, &options)?;
            None
        } else {
            Some(Write::open(&path, &options, &reads)?)
        };
        Ok(Self {
            write,
            readers,
            reads,
            tables: RwLock::default(),
            holder: Holder::default(),
            stored: tokio::sync::watch::Sender::default(),
            options,
            path,
            _temporary: temporary,
        })
    }
}

impl Write {
    fn open(path: &Path, options: &SqliteOptions, reads: &Arc<ActiveReads>) -> Result<Self, OpenError> {
        if let Some(why) = obstacle(path, true) {
            return Err(OpenError::Backend { path: path.to_owned(), source: BackendError::new(why) });
        }
        let writer = Writer::open(path, options).map_err(|error| open_error(path, error))?;
        migrate(&writer, path, options)?;
        let writer = Arc::new(Mutex::new(writer));
        let (checkpointer, checkpoints) =
            Checkpointer::start(path, options.durability, Arc::clone(&writer), Arc::clone(reads))
                .map_err(|error| open_error(path, error))?;
        let queue = Queue::start(Arc::clone(&writer), Arc::clone(&checkpoints), options.busy_timeout);
        let queue = queue.map_err(|error| OpenError::Backend {
            path: path.to_owned(),
            source: BackendError::because("the thread that writes can not be started", error),
        })?;
        Ok(Self { queue, checkpoints, writer, _checkpointer: checkpointer })
    }
}

fn migrate(writer: &Writer, path: &Path, options: &SqliteOptions) -> Result<(), OpenError> {
    let failed = |error: SaveError| match error {
        SaveError::ReadOnly => OpenError::ReadOnlyFile {
            path: path.to_owned(),
            source: BackendError::new("the file or its folder is read-only"),
        },
        other => OpenError::Backend {
            path: path.to_owned(),
            source: BackendError::because("the framework tables can not be migrated", other),
        },
    };
    if !writer.try_begin().map_err(failed)? {
        // Whoever writes is not waited for where there is nothing to do.
        if matches!(migrations::check(writer.connection()), Ok(migrations::VERSION)) {
            return Ok(());
        }
        writer.begin_waiting(options.busy_timeout).map_err(failed)?;
    }
    if let Err(error) = migrations::apply(writer.connection(), writer.clock().now()) {
        writer.rollback();
        return Err(migration_error(path, error));
    }
    writer.commit().map_err(|failure| match failure {
        CommitFailure::NotStored(error) => open_error(path, error),
        CommitFailure::Unknown => failed(SaveError::OutcomeUnknown),
    })
}

fn check_read_only(path: &Path, options: &SqliteOptions) -> Result<(), OpenError> {
    if let Some(why) = obstacle(path, false) {
        return Err(OpenError::Backend { path: path.to_owned(), source: BackendError::new(why) });
    }
    // A reader keeps its place in the log in a file beside the database, and may have to create it.
    let open_error = |path: &Path, error| {
        if failure::is_read_only(&error) || failure::code(&error) == Some(ErrorCode::CannotOpen) {
            let what = "its folder can not be written to, and readers need a `-shm` file there: copy it elsewhere";
            return OpenError::Backend { path: path.to_owned(), source: BackendError::because(what, error) };
        }
        open_error(path, error)
    };
    let reader = connection::open_reader(path, options.busy_timeout).map_err(|error| open_error(path, error))?;
    match migrations::check(&reader) {
        Ok(version) if version == migrations::VERSION => Ok(()),
        Ok(_) => Err(OpenError::NotMigrated { path: path.to_owned(), expected: migrations::VERSION }),
        Err(MigrationError::Sql(error)) => Err(open_error(path, error)),
        Err(error) => Err(migration_error(path, error)),
    }
}

fn migration_error(path: &Path, error: MigrationError) -> OpenError {
    match error {
        MigrationError::Sql(error) => open_error(path, error),
        MigrationError::Different(message) => OpenError::Migration { path: path.to_owned(), message },
    }
}

/// Says why SQLite would take this path for something else than a file.
pub(super) fn no_file(path: &Path) -> Option<&'static str> {
    match path.as_os_str().as_encoded_bytes() {
        b"" => Some("the path is empty"),
        b":memory:" => Some("a database in memory is opened with `Sqlite::in_memory()`"),
        [b'f', b'i', b'l', b'e', b':', ..] => Some("give a path, and no URI"),
        _ => None,
    }
}

/// What stands in the way of opening a file, where SQLite only says that it can not.
pub(super) fn obstacle(path: &Path, create: bool) -> Option<String> {
    if path.is_dir() {
        return Some("it is a folder".to_owned());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    if !folder.exists() {
        return Some(format!("the folder `{}` does not exist", folder.display()));
    }
    (!create && !path.exists()).then(|| "it does not exist, and a read-only store creates nothing".to_owned())
}

fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    if failure::is_damaged(&error) {
        OpenError::NotADatabase { path, source: failure::backend(error) }
    } else if failure::is_read_only(&error) {
        OpenError::ReadOnlyFile { path, source: failure::backend(error) }
    } else {
        OpenError::Backend { path, source: failure::backend(error) }
    }
}
