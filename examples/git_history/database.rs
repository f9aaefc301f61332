//! `Database`: what a replay needs that is not the same on SQLite and on PostgreSQL.

use std::path::Path;

use timestamp_core::ManualClock;
#[cfg(feature = "postgres")]
use timestamp_repo::Postgres;
use timestamp_repo::rusqlite::params;
use timestamp_repo::{Durability, Sqlite, Store, UnitOfWork};

use super::failure::Failure;

/// How far the replay has come stands in a table of its own, written in the transaction of each commit, so that a
/// replay that was interrupted goes on where it ended. No two files of a moment have one path.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS replay (
        one BIGINT PRIMARY KEY CHECK (one = 1), last_commit TEXT NOT NULL, commits BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS source_files_path ON source_files (path);
";

const PROGRESS: &str = "SELECT last_commit, commits FROM replay";

/// The `WHERE` notices another program that replays into the same database.
const ADVANCE: &str = "
    INSERT INTO replay (one, last_commit, commits) VALUES (1, $1, 1)
    ON CONFLICT (one) DO UPDATE SET last_commit = $1, commits = replay.commits + 1
    WHERE replay.last_commit IS NOT DISTINCT FROM $2
";

pub(crate) trait Database: Store {
    /// A path as SQL sorts it byte by byte, so that two databases list files in one order.
    const PATH_BY_BYTES: &'static str;

    /// Opens the database at `place`, or a temporary one.
    async fn open(place: Option<&Path>, clock: &ManualClock) -> Result<Self, Failure>;

    /// Creates the replay's own tables, and returns the last commit that is stored, and how many are.
    async fn progress(unit: &mut UnitOfWork<Self>) -> Result<Option<(String, i64)>, Failure>;

    /// Notes one more commit, if `last` is still the last one; returns whether it is.
    async fn advance(unit: &mut UnitOfWork<Self>, commit: &str, last: Option<&str>) -> Result<bool, Failure>;
}

impl Database for Sqlite {
    const PATH_BY_BYTES: &'static str = "path";

    async fn open(place: Option<&Path>, clock: &ManualClock) -> Result<Self, Failure> {
        let options = Self::options().clock(clock).durability(Durability::Normal);
        Ok(match place {
            Some(path) => options.open(path).await?,
            None => options.in_memory().await?,
        })
    }

    async fn progress(unit: &mut UnitOfWork<Self>) -> Result<Option<(String, i64)>, Failure> {
        let connection = unit.connection().await?;
        connection.execute_batch(TABLES)?;
        let mut rows = connection.prepare(PROGRESS)?;
        Ok(rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.next().transpose()?)
    }

    async fn advance(unit: &mut UnitOfWork<Self>, commit: &str, last: Option<&str>) -> Result<bool, Failure> {
        let mut statement = unit.connection().await?.prepare_cached(ADVANCE)?;
        Ok(statement.execute(params![commit, last])? == 1)
    }
}

#[cfg(feature = "postgres")]
impl Database for Postgres {
    const PATH_BY_BYTES: &'static str = "path COLLATE \"C\"";

    async fn open(place: Option<&Path>, clock: &ManualClock) -> Result<Self, Failure> {
        let url = place.and_then(Path::to_str).unwrap_or_default();
        Ok(Self::options().clock(clock).application_name("git_history").connect(url).await?)
    }

    async fn progress(unit: &mut UnitOfWork<Self>) -> Result<Option<(String, i64)>, Failure> {
        let connection = unit.connection().await?;
        connection.batch_execute(TABLES).await?;
        Ok(connection.query_opt(PROGRESS, &[]).await?.map(|row| (row.get(0), row.get(1))))
    }

    async fn advance(unit: &mut UnitOfWork<Self>, commit: &str, last: Option<&str>) -> Result<bool, Failure> {
        Ok(unit.connection().await?.execute(ADVANCE, &[&commit, &last]).await? == 1)
    }
}
