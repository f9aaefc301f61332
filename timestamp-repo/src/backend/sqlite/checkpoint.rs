//! Keeps the log short: moves it into the database file, on a thread of its own.
//!
//! SQLite would do this inside some unlucky caller's COMMIT. Here a caller only counts pages; after [`INTERVAL`] of them the
//! thread moves what no reader needs, while others read and write on. If the log has grown past [`CAP`] all the same,
//! because writes never pause, it does so once more while it holds the writer, which lets the log begin anew. What a
//! reader still needs can not be moved: then a warning says who that is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::Mutex;

use super::connection::open_checkpointer;
use super::options::Durability;
use super::read::ActiveReads;
use super::writer::Writer;

/// Pages written between two checkpoints: 16 MiB. Four times SQLite's own default, because a page that was written often
/// is moved once, and because each checkpoint syncs the disk that the saves sync too.
const INTERVAL: u64 = 4_096;

/// Pages that the log should not exceed: 64 MiB. A target, not a bound.
const CAP: i64 = 16_384;

/// Estimated pages between two looks at the log's real length, which costs a call of the system.
const LOOK: u64 = 64;

/// How many bytes the log may grow before the thread is woken, whatever was estimated: 16 MiB, as [`INTERVAL`].
const GROWTH: u64 = 16 << 20;

/// Counts what callers write, and wakes the thread.
pub(super) struct Checkpoints {
    pages: AtomicU64,
    log: PathBuf,
    /// How long the log was when the thread was woken for it.
    length: AtomicU64,
    wake: SyncSender<()>,
}

impl Checkpoints {
    /// Notes that about so many pages were written.
    #[inline]
    pub(super) fn note(&self, pages: u64) {
        let before = self.pages.fetch_add(pages, Ordering::Relaxed);
        let after = before + pages;
        if after >= INTERVAL || (before / LOOK != after / LOOK && self.has_grown()) {
            self.pages.store(0, Ordering::Relaxed);
            // Full means that the thread is about to look anyway.
            let _ = self.wake.try_send(());
        }
    }

    /// Looks whether the log is longer than estimated: a row may be larger than anybody guesses.
    #[cold]
    fn has_grown(&self) -> bool {
        let length = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        let before = self.length.load(Ordering::Relaxed);
        let grown = length >= before.saturating_add(GROWTH);
        // It is cut short when it begins anew.
        if grown || length < before {
            self.length.store(length, Ordering::Relaxed);
        }
        grown
    }
}

/// The thread; it ends when every [`Checkpoints`] is gone.
pub(super) struct Checkpointer {
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(
        path: &Path,
        durability: Durability,
        writer: Arc<Mutex<Writer>>,
        reads: Arc<ActiveReads>,
    ) -> rusqlite::Result<(Self, Arc<Checkpoints>)> {
        let connection = open_checkpointer(path, durability)?;
        let (wake, woken) = sync_channel(1);
        let run = move || run(&connection, &woken, &writer, &reads);
        let thread = thread::Builder::new().name("timestamp-checkpoint".to_owned()).spawn(run);
        let thread = thread.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let (pages, length) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok((Self { thread: Some(thread) }, Arc::new(Checkpoints { pages, log: log.into(), length, wake })))
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, woken: &Receiver<()>, writer: &Mutex<Writer>, reads: &ActiveReads) {
    while woken.recv().is_ok() {
        let log = match checkpoint(connection) {
            Ok(log) => log,
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
                continue;
            }
        };
        if log.pages <= CAP {
            continue;
        }
        let quiet = writer.blocking_lock();
        let log = checkpoint(connection);
        drop(quiet);
        if let Ok(log) = log
            && log.moved < log.pages
        {
            let (pages, reader) = (log.pages, reads.oldest());
            tracing::warn!(pages, reader, "the log can not be shortened: a reader still needs its beginning");
        }
    }
}

struct Log {
    pages: i64,
    moved: i64,
}

fn checkpoint(connection: &Connection) -> rusqlite::Result<Log> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok(Log { pages: row.get(1)?, moved: row.get(2)? }))
}
