//! How each connection is set up.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failure;
use super::options::Durability;
use super::writer::Backoff;

/// Statements kept prepared per connection: a handful per entity type, and as many for users' filters.
const CACHED_STATEMENTS: usize = 256;

/// Opens the connection that writes. It never waits for a lock by itself: that is done around BEGIN IMMEDIATE, where it
/// need not block an executor.
pub(super) fn open_writer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // SQLite opens a file that it may not write for reading, and does not say so.
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(failure, Some("no permission to write the file".to_owned())));
    }
    // Turning on the log takes a lock, and two programs may start at once. Where both have begun to read, SQLite does not
    // wait for one of them, but says at once that the other is in the way.
    connection.busy_timeout(Duration::from_secs(5))?;
    let mut pause = Backoff::new(Duration::from_secs(5));
    let mode: String = loop {
        match (connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)), pause.next()) {
            (Err(error), Some(pause)) if failure::is_busy(&error) => thread::sleep(pause),
            (mode, _) => break mode?,
        }
    };
    if mode != "wal" {
        let what = format!("its journal mode stays `{mode}`, and the store needs `wal`");
        return Err(rusqlite::Error::UserFunctionError(what.into()));
    }
    connection.execute_batch(match durability {
        Durability::Full => "PRAGMA synchronous = FULL",
        Durability::Normal => "PRAGMA synchronous = NORMAL",
    })?;
    // Checkpoints run on a thread of their own.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")?;
    // A log that has grown long is cut to this when it begins anew: 64 MiB.
    let _limit: i64 = connection.query_row("PRAGMA journal_size_limit = 67108864", [], |row| row.get(0))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

/// Opens a connection that only reads. In WAL mode a reader waits for nobody but a recovery.
pub(super) fn open_reader(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

/// Opens the connection that moves the log into the database file.
pub(super) fn open_checkpointer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(match durability {
        Durability::Full => "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0",
        Durability::Normal => "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0",
    })?;
    Ok(connection)
}
