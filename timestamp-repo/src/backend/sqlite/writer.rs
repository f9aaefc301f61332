//! The one connection that writes, and who holds it.

use std::panic::Location;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use timestamp_core::Clock;

use super::options::SqliteOptions;
use super::table::Table;
use super::touch::Untouched;
use super::write::{Columns, Refused, apply, apply_undoably, explain, may_fail_halfway};
use super::{connection, failure, touch};
use crate::backend::BulkTouch;
use crate::error::{BackendError, Busy, SaveError};
use crate::save::{Change, Written};
use crate::testing::point;

/// The connection that writes. Whoever has it by its lock has at most one transaction open on it.
pub(super) struct Writer {
    connection: Connection,
    clock: Clock,
    /// How often this connection has committed, and rolled back, whoever asked it to.
    ends: Arc<Ends>,
    #[cfg(feature = "test-util")]
    faults: crate::testing::Faults,
}

#[derive(Default)]
struct Ends {
    commits: AtomicU64,
    rollbacks: AtomicU64,
}

/// Commits and rollbacks up to some moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct EndCount {
    pub(super) commits: u64,
    pub(super) rollbacks: u64,
}

/// Why a commit did not answer "stored".
pub(super) enum CommitFailure {
    /// Nothing was stored, and no transaction is open.
    NotStored(rusqlite::Error),
    Unknown,
}

impl Writer {
    pub(super) fn open(path: &Path, options: &SqliteOptions) -> rusqlite::Result<Self> {
        let mut connection = connection::open_writer(path, options.durability)?;
        touch::register_functions(&connection)?;
        let ends = Arc::new(Ends::default());
        let (committed, rolled_back) = (Arc::clone(&ends), Arc::clone(&ends));
        let _ = connection.commit_hook(Some(move || {
            committed.commits.fetch_add(1, Ordering::Relaxed);
            false
        }));
        let _ = connection.rollback_hook(Some(move || {
            rolled_back.rollbacks.fetch_add(1, Ordering::Relaxed);
        }));
        Ok(Self {
            connection,
            clock: options.clock.clone(),
            ends,
            #[cfg(feature = "test-util")]
            faults: options.faults.clone(),
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn ends(&self) -> EndCount {
        EndCount {
            commits: self.ends.commits.load(Ordering::Relaxed),
            rollbacks: self.ends.rollbacks.load(Ordering::Relaxed),
        }
    }

    /// Whether a transaction is open. After any error it may have been rolled back: by `RAISE(ROLLBACK)`, by a full disk.
    pub(super) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Begins a transaction that can write, or says `false` at once if another process has one.
    pub(super) fn try_begin(&self) -> Result<bool, SaveError> {
        match self.execute("BEGIN IMMEDIATE") {
            Ok(()) => Ok(true),
            Err(error) if failure::is_busy(&error) => Ok(false),
            Err(error) => Err(failure::save_error(error)),
        }
    }

    /// Begins a transaction that can write, and waits for another process on this thread.
    pub(super) fn begin_waiting(&self, timeout: Duration) -> Result<(), SaveError> {
        let mut pause = Backoff::new(timeout);
        while !self.try_begin()? {
            match pause.next() {
                Some(pause) => thread::sleep(pause),
                None => return Err(SaveError::Busy(Busy { unit: None, same_task: false })),
            }
        }
        Ok(())
    }

    pub(super) fn commit(&self) -> Result<(), CommitFailure> {
        #[cfg(feature = "test-util")]
        match self.faults.take() {
            None => {}
            Some(crate::testing::Fault::AnswerLost) => {
                let _ = self.execute("COMMIT");
                return Err(CommitFailure::Unknown);
            }
            Some(crate::testing::Fault::CommitLost) => {
                self.rollback();
                return Err(CommitFailure::Unknown);
            }
        }
        self.commit_unfaulted()
    }

    /// The same for what no caller of a save waits for: faults on demand are not meant for it.
    pub(super) fn commit_unfaulted(&self) -> Result<(), CommitFailure> {
        point("store/before");
        let Err(error) = self.execute("COMMIT") else {
            point("store/after");
            return Ok(());
        };
        self.rollback();
        if failure::may_be_stored(&error) { Err(CommitFailure::Unknown) } else { Err(CommitFailure::NotStored(error)) }
    }

    /// Ends the transaction if one is open. A rollback that fails has nothing left to undo: SQLite did it before.
    pub(super) fn rollback(&self) {
        if self.in_transaction()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(%error, "a rollback failed");
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute().map(drop)
    }

    /// Writes one change in a transaction of its own; the transaction has been begun.
    pub(super) fn finish_alone(
        &self,
        table: &Table,
        change: &Change,
        columns: &impl Columns,
    ) -> Result<Written, SaveError> {
        let refused = match apply(&self.connection, table, change, columns, self.clock.now()) {
            // A trigger that ended the transaction does so with an error, so here it is still open.
            Ok(digest) => match self.commit() {
                Ok(()) => return Ok(Written::Now { digest }),
                Err(CommitFailure::Unknown) => return Err(SaveError::OutcomeUnknown),
                Err(CommitFailure::NotStored(error)) => Refused::Sql(error),
            },
            Err(refused) => refused,
        };
        self.rollback();
        explain(&self.connection, table, change, columns, refused).map(|version| Written::Before { version })
    }

    /// Whether a change of this transaction needs a savepoint to be undone alone; see [`may_fail_halfway`].
    pub(super) fn needs_savepoints(&self) -> Result<bool, SaveError> {
        may_fail_halfway(&self.connection).map_err(failure::save_error)
    }

    /// Writes one change so that it can be undone alone: the transaction goes on if it was refused.
    pub(super) fn write_undoably(
        &self,
        table: &Table,
        change: &Change,
        columns: &impl Columns,
    ) -> Result<Written, SaveError> {
        match apply_undoably(&self.connection, table, change, columns, self.clock.now()) {
            Ok(digest) => Ok(Written::Now { digest }),
            Err(refused) => {
                explain(&self.connection, table, change, columns, refused).map(|version| Written::Before { version })
            }
        }
    }

    /// The same where a statement may fail halfway.
    pub(super) fn write_in_savepoint(
        &self,
        table: &Table,
        change: &Change,
        columns: &impl Columns,
    ) -> Result<Written, SaveError> {
        let begun = self.execute("SAVEPOINT timestamp_save");
        begun.map_err(failure::save_error)?;
        match apply(&self.connection, table, change, columns, self.clock.now()) {
            Ok(digest) => {
                self.execute("RELEASE timestamp_save").map_err(failure::save_error)?;
                Ok(Written::Now { digest })
            }
            Err(refused) => {
                if self.in_transaction() {
                    self.execute("ROLLBACK TO timestamp_save").map_err(failure::save_error)?;
                    self.execute("RELEASE timestamp_save").map_err(failure::save_error)?;
                }
                explain(&self.connection, table, change, columns, refused).map(|version| Written::Before { version })
            }
        }
    }

    /// Touches rows so that it can be undone alone.
    pub(super) fn touch_in_savepoint(
        &self,
        table: &Table,
        entity_type: &str,
        touch: &BulkTouch,
    ) -> Result<u64, SaveError> {
        self.execute("SAVEPOINT timestamp_save").map_err(failure::save_error)?;
        let touched = touch::touch_rows(&self.connection, table, entity_type, touch, self.clock.now());
        if touched.is_err() && self.in_transaction() {
            self.execute("ROLLBACK TO timestamp_save").map_err(failure::save_error)?;
        }
        if self.in_transaction() {
            self.execute("RELEASE timestamp_save").map_err(failure::save_error)?;
        }
        touched.map_err(|refused| match refused {
            Untouched::Ignored => SaveError::Constraint { name: format!("a trigger on {}", table.name) },
            Untouched::Asked(error) => SaveError::Backend(error),
            Untouched::Unreadable(error) => {
                SaveError::Backend(BackendError::because("a row can not be touched", error))
            }
            Untouched::Sql(error) => failure::save_error(error),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A connection that closes in a transaction rolls it back, and calls a hook that rusqlite has freed by then.
        self.rollback();
        let _ = self.connection.rollback_hook(None::<fn()>);
        let _ = self.connection.commit_hook(None::<fn() -> bool>);
    }
}

/// Pauses between attempts to take a lock that another process holds: short first, then longer, until the time is up.
pub(super) struct Backoff {
    until: Instant,
    pause: Duration,
}

impl Backoff {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { until: Instant::now() + timeout, pause: Duration::from_micros(250) }
    }

    pub(super) fn next(&mut self) -> Option<Duration> {
        let left = self.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let pause = self.pause.min(left);
        self.pause = (self.pause * 2).min(Duration::from_millis(10));
        Some(pause)
    }
}

/// Which unit of work holds the writer, for the errors of those who wait.
#[derive(Default)]
pub(super) struct Holder(Mutex<Option<Held>>);

#[derive(Clone, Copy)]
struct Held {
    begun_at: &'static Location<'static>,
    /// The task that the unit is open in; none, once it commits by itself.
    task: Option<TaskKey>,
}

impl Holder {
    pub(super) fn set(&self, begun_at: &'static Location<'static>) {
        *self.lock() = Some(Held { begun_at, task: Some(TaskKey::current()) });
    }

    pub(super) fn leave_task(&self) {
        if let Some(held) = &mut *self.lock() {
            held.task = None;
        }
    }

    pub(super) fn clear(&self) {
        *self.lock() = None;
    }

    /// What to tell somebody who wants to write now and would wait in vain: the unit is open in the same task.
    pub(super) fn same_task(&self) -> Result<(), Busy> {
        match *self.lock() {
            Some(held) if held.task == Some(TaskKey::current()) => {
                Err(Busy { unit: Some(held.begun_at), same_task: true })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What to tell somebody who has waited long enough.
    pub(super) fn busy(&self) -> Busy {
        Busy { unit: self.lock().map(|held| held.begun_at), same_task: false }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which task is running; outside a spawned one (in `main`, in a test) the thread stands for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TaskKey {
    Task(tokio::task::Id),
    Thread(ThreadId),
}

impl TaskKey {
    fn current() -> Self {
        tokio::task::try_id().map_or_else(|| Self::Thread(thread::current().id()), Self::Task)
    }
}
