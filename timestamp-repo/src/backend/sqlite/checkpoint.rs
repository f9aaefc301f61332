//! Keeps the log short: moves it into the database file, on a thread of its own.
//!
//! SQLite would do this inside some unlucky caller's COMMIT. Here a caller only counts pages; after [`INTERVAL`] of them the
//! thread moves what no reader needs, while others read and write on. If the log has grown past [`CAP`] all the same,
//! because writes never pause, it does so once more while it holds the writer, which lets the log begin anew. What a
//! reader still needs can not be moved: then a warning says who that is.

use std::cell::Cell;
use std::ffi::c_int;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
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

thread_local! {
    /// Pages in the log after this thread's last commit, until somebody asks; 0 if there was none. SQLite's hook is a plain
    /// function that knows no store, but whoever commits asks right after.
    static LOG: Cell<u64> = const { Cell::new(0) };
}

/// Has the connection that writes say after each commit how long the log is.
pub(super) fn watch_log(connection: &mut Connection) {
    // A function and not a closure, and by `&mut`: the versions of rusqlite in our range differ here.
    connection.wal_hook(Some(note_log as fn(&Wal, c_int) -> rusqlite::Result<()>));
}

#[expect(clippy::unnecessary_wraps, reason = "the form of the hook is given")]
fn note_log(_: &Wal, pages: c_int) -> rusqlite::Result<()> {
    LOG.set(u64::try_from(pages).unwrap_or(0));
    Ok(())
}

/// Counts what callers write, and wakes the thread.
pub(super) struct Checkpoints {
    /// Estimated, since the thread was woken.
    pages: AtomicU64,
    /// How long the log was when the thread was woken.
    woken_at: AtomicU64,
    wake: SyncSender<()>,
}

impl Checkpoints {
    /// Notes that about so many pages were written; after a commit on this thread, also how long the log really is, since
    /// a row may be larger than anybody estimates.
    #[inline]
    pub(super) fn note(&self, pages: u64) {
        let log = LOG.take();
        let woken_at = self.woken_at.load(Ordering::Relaxed);
        // A log that is shorter than it was has begun anew.
        let grown = if log < woken_at { log } else { log - woken_at };
        let estimated = self.pages.fetch_add(pages, Ordering::Relaxed) + pages;
        if estimated >= INTERVAL || grown >= INTERVAL {
            self.pages.store(0, Ordering::Relaxed);
            if log > 0 {
                self.woken_at.store(log, Ordering::Relaxed);
            }
            // Full means that the thread is about to look anyway.
            let _ = self.wake.try_send(());
        }
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
        Ok((
            Self { thread: Some(thread) },
            Arc::new(Checkpoints { pages: AtomicU64::new(0), woken_at: AtomicU64::new(0), wake }),
        ))
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
