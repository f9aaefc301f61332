//! Replays the history of a git repository into entities, on SQLite or PostgreSQL.
//!
//! Every commit on the first-parent line of HEAD is one unit of work, and the clock stands at its committer time. A
//! path that a commit adds becomes a `SourceFile`, a change touches it with the commit's subject as the reason, and a
//! deletion deletes it; a path that is added again is a new entity. You will see how many entities and events that
//! makes, which files changed most and last, and whether the stored events and rows agree.
//!
//! ```text
//! $ cargo run --release -p examples --example git_history                   # the repository that you stand in
//! $ cargo run --release -p examples --example git_history -- PATH --database history.db
//! $ cargo run --release -p examples --features postgres --example git_history -- \
//!       PATH --database postgres://user@host/database
//!
//! commits    154 replayed in 0.05 s
//! files      90 alive, 112 ever
//! events     702: 112 created, 568 updated, 22 deleted; 14,040 per second
//!
//! changed most, of the files that are left
//!       41  Cargo.lock
//! ..
//! changed last
//!   2026-11-20T18:40:11.000Z  docs/design.md
//! ..
//! check      the outbox and the files agree
//! ```
//!
//! - The same history gives the same files and events every time, on both databases; only the ids of the events differ. Given a database
//!   that has part of it already, the replay goes on behind the last commit it finds there; given one of another
//!   history, it refuses.
//! - Without `--database`, the database is a temporary one.
//! - A replay can be repeated, so a save on SQLite does not wait for the disk (`Durability::Normal`).
//! - A path is written as git quotes it: `"a\nb"` where it holds control characters, quotes or backslashes, and
//!   `"\377"` for bytes that are not UTF-8. Every other path stands as it is, so no two paths become one.
//! - Histories have clocks that go back. The clock goes back with them, `updated_at` does not.
//!
//! Exit codes: 0 done; 1 something unexpected; 2 wrong arguments; 3 no history can be read; 4 the database can not be
//! used, or belongs to another history; 5 outbox and files do not agree.

mod arguments;
mod database;
mod failure;
mod history;
mod quoted;
mod replay;
mod source_file;
mod summary;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
#[cfg(feature = "postgres")]
use timestamp_repo::Postgres;
use timestamp_repo::Sqlite;

use self::arguments::Arguments;
use self::database::Database;
use self::failure::Failure;
use self::history::Repository;
use self::replay::Replay;
use self::summary::Summary;

fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os(), &mut std::io::stdout().lock(), &mut std::io::stderr()))
}

/// Does all of it, and returns the exit code.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut impl Write, errors: &mut impl Write) -> u8 {
    let done = Arguments::parse(arguments).and_then(|arguments| match arguments.names_postgres() {
        #[cfg(feature = "postgres")]
        true => replay::<Postgres>(&arguments, out),
        #[cfg(not(feature = "postgres"))]
        true => Err(Failure::Database("this was built without PostgreSQL: add `--features postgres`".to_owned())),
        false => replay::<Sqlite>(&arguments, out),
    });
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(out, errors),
    }
}

fn replay<D: Database>(arguments: &Arguments, out: &mut impl Write) -> Result<(), Failure> {
    let repository = Repository::open(arguments.path.as_deref())?;
    // One task, and saves that run where they are called: a runtime of one thread is enough, and git is read outside it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut replay = runtime.block_on(Replay::<D>::open(arguments.database.as_deref()))?;
    let Some(count) = repository.count_after(replay.last_commit())? else {
        return Err(Failure::Database(format!(
            "the database holds a history up to commit {}, which is not on the first-parent line of this one: use a \
             new database",
            replay.last_commit().unwrap_or_default()
        )));
    };
    if repository.is_shallow() {
        writeln!(out, "The clone is shallow: what came before it counts as added by its oldest commit.\n")?;
    }
    let continued = replay.commits();
    if continued > 0 {
        writeln!(out, "The database has {continued} commits already; {count} came since.\n")?;
    }

    let begun = Instant::now();
    // Draws nothing if standard error is no terminal.
    let progress = ProgressBar::new(count.into())
        .with_style(ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} commits, {eta} left")?);
    for commit in repository.commits_after(replay.last_commit())? {
        runtime.block_on(replay.apply(&commit?))?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    let elapsed = begun.elapsed();
    let replayed = replay.commits() - continued;
    if replayed != count {
        return Err(Failure::History(format!("git counted {count} commits and showed {replayed}")));
    }

    let summary = runtime.block_on(Summary::of(&replay))?;
    summary.print(out, replayed, replay.events(), elapsed)?;
    summary.into_verdict()
}
