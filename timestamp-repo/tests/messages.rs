//! The words of every public error, provoked for real.
//!
//! They are a part of the API: each is a lower-case fragment without a full stop, says what is wrong and where, what to do
//! about it, and never repeats a stored or rejected value. `tests/messages.txt` is what a user reads; after a change, run
//! `BLESS=1 cargo test -p timestamp-repo --test messages`, and read the difference as a user would.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use timestamp_core::{Clock, Timestamped, Timestamps, ValidationError};
use timestamp_repo::rusqlite::Connection;
use timestamp_repo::testing::Faults;
use timestamp_repo::{PageToken, Sqlite};

/// In every value of the tests, and in no message.
const SECRET: &str = "hunter2";

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "notes", validate = Self::check)]
struct Note {
    #[timestamped(id)]
    id: i64,
    text: String,
    ratio: f64,
    timestamps: Timestamps,
}

impl Note {
    fn new(id: i64) -> Self {
        let text = format!("{SECRET} {id}");
        Self::create(|timestamps| Self { id, text, ratio: 1.0, timestamps }).unwrap()
    }

    fn check(&self) -> Result<(), ValidationError> {
        let mut wrong = ValidationError::none();
        if self.text.is_empty() {
            wrong.add("text", "must not be empty");
        }
        if self.ratio < 0.0 {
            wrong.add("ratio", "must not be negative");
        }
        wrong.into_result()
    }
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "nowhere")]
struct Unknown {
    #[timestamped(id)]
    id: i64,
    timestamps: Timestamps,
}

/// What was collected: a name for the situation, and the words.
struct Messages(String);

impl Messages {
    fn add(&mut self, name: &str, error: impl Error) {
        use std::fmt::Write as _;

        let text = error.to_string();
        assert!(!text.contains(SECRET), "{name} repeats a value: {text}");
        assert!(!text.ends_with('.') && !text.contains('\n') && !text.contains("failed to"), "{name}: {text}");
        assert!(!text.starts_with(char::is_uppercase) || text.starts_with("SQLite"), "{name}: {text}");
        assert!(text.len() < 600, "{name} is too long: {text}");
        // Nor is it hidden somewhere in the chain.
        let mut source = error.source();
        while let Some(error) = source {
            assert!(!error.to_string().contains(SECRET), "{name} repeats a value in its source: {error}");
            source = error.source();
        }
        writeln!(self.0, "{name}\n    {text}\n").unwrap();
    }
}

struct Scene {
    folder: TempDir,
}

impl Scene {
    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("notes.db")
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
    }
}

async fn opened(scene: &Scene) -> Sqlite {
    Sqlite::options().busy_timeout(Duration::from_millis(60)).open(scene.file()).await.unwrap()
}

fn scene() -> Scene {
    Scene { folder: TempDir::new().unwrap() }
}

#[tokio::test]
async fn words_of_every_error_are_reviewed() {
    let mut messages = Messages(String::new());
    let folders = [
        save_errors(&mut messages).await,
        find_and_update_errors(&mut messages).await,
        commit_errors(&mut messages).await,
        open_errors(&mut messages).await,
        repository_errors(&mut messages).await,
        backup_errors(&mut messages).await,
    ];
    messages.add("PageTokenError", SECRET.parse::<PageToken>().unwrap_err());
    let mut text = messages.0;
    for scene in &folders {
        text = text.replace(scene.folder.path().to_str().unwrap(), "/data");
    }
    // Where a unit began is a line of this file.
    let text: String = text.split_inclusive('\n').map(without_place).collect();

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    assert!(text == reviewed, "the messages are not those of tests/messages.txt any more:\n{text}");
}

/// A line in which the place where a unit began is always the same.
fn without_place(line: &str) -> String {
    let Some((before, rest)) = line.split_once("begun at ") else { return line.to_owned() };
    let end = rest.find([' ', ',']).unwrap_or(rest.len());
    format!("{before}begun at src/notes.rs:7:34{}", &rest[end..])
}

async fn save_errors(messages: &mut Messages) -> Scene {
    let scene = scene();
    let faults = Faults::default();
    let options = Sqlite::options().busy_timeout(Duration::from_millis(60)).faults(&faults);
    let store = options.open(scene.file()).await.unwrap();
    let notes = store.repository::<Note>().await.unwrap();
    let mut note = Note::new(1);
    notes.save(&mut note).await.unwrap();

    let mut stale = note.clone();
    note.touch("changed");
    notes.save(&mut note).await.unwrap();
    stale.touch("too late");
    messages.add("SaveError::Conflict", notes.save(&mut stale).await.unwrap_err());
    messages.add("SaveError::AlreadyExists", notes.save(&mut Note::new(1)).await.unwrap_err());

    let mut changed = note.clone();
    changed.text.push('!');
    messages.add("SaveError::ChangedWithoutTouch", notes.save(&mut changed).await.unwrap_err());

    let mut other = Note::new(2);
    notes.save(&mut other).await.unwrap();
    let mut swapped = note.clone();
    swapped.timestamps = other.timestamps.clone();
    swapped.touch("with the timestamps of another");
    messages.add("SaveError::TimestampsTampered", notes.save(&mut swapped).await.unwrap_err());

    let mut unit = store.begin().await.unwrap();
    note.touch("in a unit");
    unit.save(&mut note).await.unwrap();
    messages.add("SaveError::InFlight", notes.save(&mut note).await.unwrap_err());
    messages.add("SaveError::Busy, in the task of the unit", notes.save(&mut Note::new(9)).await.unwrap_err());
    let elsewhere = notes.clone();
    let busy = tokio::spawn(async move { elsewhere.save(&mut Note::new(9)).await.unwrap_err() });
    messages.add("SaveError::Busy, in another task", busy.await.unwrap());
    drop(unit);

    let holder = Connection::open(scene.file()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    messages.add("SaveError::Busy, another process", notes.save(&mut Note::new(9)).await.unwrap_err());
    drop(holder);

    let mut invalid = Note::new(3);
    (invalid.text, invalid.ratio) = (String::new(), -5.0);
    messages.add("SaveError::Invalid, by the entity's own rules", notes.save(&mut invalid).await.unwrap_err());
    let mut unfit = Note::new(3);
    unfit.ratio = f64::NAN;
    messages.add("SaveError::Invalid, by the column", notes.save(&mut unfit).await.unwrap_err());
    let mut batch = [Note::new(5), unfit];
    messages.add("SaveAllError", notes.save_all(&mut batch).await.unwrap_err());

    scene.sql("CREATE UNIQUE INDEX one_text ON notes (text)");
    let mut twin = Note::new(4);
    twin.text = format!("{SECRET} 2");
    messages.add("SaveError::Constraint", notes.save(&mut twin).await.unwrap_err());

    let reading = Sqlite::options().read_only().open(scene.file()).await.unwrap();
    let read_only = reading.repository::<Note>().await.unwrap();
    messages.add("SaveError::ReadOnly", read_only.save(&mut Note::new(9)).await.unwrap_err());

    faults.lose_next_answer();
    messages.add("SaveError::OutcomeUnknown", notes.save(&mut Note::new(6)).await.unwrap_err());

    let mut unit = store.begin().await.unwrap();
    let mut unopened = Unknown::create(|timestamps| Unknown { id: 1, timestamps }).unwrap();
    messages.add("SaveError::Backend, a table that was not opened", unit.save(&mut unopened).await.unwrap_err());
    drop(unit);
    let error = notes.touch_all(format!("txt = '{SECRET}'"), (), "all").await.unwrap_err();
    messages.add("SaveError::Backend, wrong SQL", error);
    let error = notes.touch_all("text = ?", (), "all").await.unwrap_err();
    messages.add("SaveError::Backend, values are missing", error);
    let mut unit = store.begin().await.unwrap();
    let connection = unit.connection().await.unwrap();
    let _: i64 = connection.query_row("PRAGMA max_page_count = 1", [], |row| row.get(0)).unwrap();
    unit.commit().await.unwrap();
    let mut large = Note::new(7);
    large.text = SECRET.repeat(100_000);
    messages.add("SaveError::Backend, a full disk", notes.save(&mut large).await.unwrap_err());
    scene.sql("DROP TABLE notes");
    messages.add("SaveError::Backend, a table that is gone", notes.save(&mut Note::new(8)).await.unwrap_err());
    scene
}

async fn find_and_update_errors(messages: &mut Messages) -> Scene {
    let scene = scene();
    scene.sql(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, ratio REAL, created_at_ms BIGINT,
                             updated_at_ms BIGINT, version BIGINT)",
    );
    let notes = opened(&scene).await.repository::<Note>().await.unwrap();
    notes.save(&mut Note::new(1)).await.unwrap();
    for (name, damage) in [
        ("text where milliseconds belong", format!("updated_at_ms = '{SECRET}'")),
        ("a time that no calendar has", "updated_at_ms = 253402300800000".to_owned()),
        ("no version", "version = 0".to_owned()),
        ("no number", format!("ratio = '{SECRET}'")),
        ("no UTF-8", "text = CAST(x'68756e74657232ff' AS TEXT)".to_owned()),
    ] {
        let before = "created_at_ms = 1, updated_at_ms = 1, version = 1, ratio = 1, text = 'a'";
        scene.sql(&format!("UPDATE notes SET {before}; UPDATE notes SET {damage}"));
        messages.add(&format!("FindError::Unreadable, {name}"), notes.find(&1).await.unwrap_err());
    }
    scene.sql(&format!("UPDATE notes SET updated_at_ms = '{SECRET}'"));
    let error = notes.touch_all("1", (), "all").await.unwrap_err();
    messages.add("SaveError::Backend, a row that can not be touched", error);
    messages.add("UpdateError::NotFound", notes.update(&99, |_| {}).await.unwrap_err());
    messages.add("UpdateError::Find", notes.update(&1, |_| {}).await.unwrap_err());
    scene.sql("UPDATE notes SET updated_at_ms = 1, created_at_ms = 1, ratio = 1, text = 'a', version = 1");
    let error = notes.update(&1, |note| note.text.clear()).await.unwrap_err();
    messages.add("UpdateError::Save", error);
    let error = notes.filter(format!("txt = '{SECRET}'"), ()).await.unwrap_err();
    messages.add("FindError::Backend, wrong SQL", error);
    let token: PageToken = "1769862896789.500~1".parse().unwrap();
    let error = notes.recent(Some(&token), 1).await.unwrap_err();
    messages.add("FindError::Backend, a page token of a table that keeps microseconds", error);
    let error = notes.filter("text = ? AND ratio = ?", (SECRET,)).await.unwrap_err();
    messages.add("FindError::Backend, values are missing", error);
    scene
}

async fn commit_errors(messages: &mut Messages) -> Scene {
    let scene = scene();
    scene.sql(
        "CREATE TABLE texts (text TEXT PRIMARY KEY);
         CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT REFERENCES texts DEFERRABLE INITIALLY DEFERRED, ratio REAL,
                             created_at_ms BIGINT, updated_at_ms BIGINT, version BIGINT)",
    );
    let faults = Faults::default();
    let options = Sqlite::options().busy_timeout(Duration::from_millis(60)).faults(&faults);
    let store = options.open(scene.file()).await.unwrap();
    store.repository::<Note>().await.unwrap();

    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Note::new(1)).await.unwrap();
    messages.add("CommitError::Constraint", unit.commit().await.unwrap_err());

    scene.sql(
        "CREATE TRIGGER no BEFORE INSERT ON notes WHEN NEW.id = 2 BEGIN SELECT RAISE(ROLLBACK, 'two is too many'); END",
    );
    let mut unit = store.begin().await.unwrap();
    messages.add("SaveError::Constraint, a trigger", unit.save(&mut Note::new(2)).await.unwrap_err());
    let error = unit.save(&mut Note::new(3)).await.unwrap_err();
    messages.add("SaveError::Backend, after a rollback", error);
    messages.add("CommitError::RolledBack", unit.commit().await.unwrap_err());

    for (name, sql) in [("stored", "COMMIT"), ("not stored", "ROLLBACK; BEGIN")] {
        let mut unit = store.begin().await.unwrap();
        unit.connection().await.unwrap().execute_batch(sql).unwrap();
        if name == "stored" {
            let error = unit.save(&mut Note::new(4)).await.unwrap_err();
            messages.add("SaveError::Backend, after a COMMIT of one's own", error);
        }
        messages.add(&format!("CommitError::EndedElsewhere, {name}"), unit.commit().await.unwrap_err());
    }

    let mut unit = store.begin().await.unwrap();
    unit.connection().await.unwrap();
    faults.lose_next_commit();
    messages.add("CommitError::OutcomeUnknown", unit.commit().await.unwrap_err());
    scene
}

async fn open_errors(messages: &mut Messages) -> Scene {
    let scene = scene();
    let path = |name: &str| scene.folder.path().join(name);
    let open = |name: &str| Sqlite::open(path(name));
    messages.add("OpenError::Backend, no folder", open("missing/notes.db").await.unwrap_err());
    messages.add("OpenError::Backend, a folder", Sqlite::open(scene.folder.path()).await.unwrap_err());
    messages.add("OpenError::Backend, in memory", Sqlite::open(":memory:").await.unwrap_err());
    messages.add("OpenError::Backend, no path", Sqlite::open("").await.unwrap_err());
    messages.add("OpenError::Backend, a URI", Sqlite::open("file:notes.db?mode=ro").await.unwrap_err());
    let error = Sqlite::options().read_only().open(path("new.db")).await.unwrap_err();
    messages.add("OpenError::Backend, nothing to read", error);
    fs::write(path("text.db"), SECRET.repeat(1_000)).unwrap();
    messages.add("OpenError::NotADatabase", open("text.db").await.unwrap_err());

    Connection::open(path("plain.db")).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let error = Sqlite::options().read_only().open(path("plain.db")).await.unwrap_err();
    messages.add("OpenError::NotMigrated", error);
    Connection::open(path("taken.db")).unwrap().execute_batch("CREATE TABLE timestamp_outbox (x)").unwrap();
    messages.add("OpenError::Backend, a table with our name", open("taken.db").await.unwrap_err());

    let holder = Connection::open(path("held.db")).unwrap();
    holder.execute_batch("PRAGMA journal_mode = wal; BEGIN IMMEDIATE").unwrap();
    let options = Sqlite::options().busy_timeout(Duration::from_millis(60));
    messages.add("OpenError::Backend, busy", options.open(path("held.db")).await.unwrap_err());
    drop(holder);
    drop(opened(&scene).await);
    scene.sql("INSERT INTO timestamp_migrations VALUES (7, 'tomorrow', '', 0)");
    messages.add("OpenError::Migration, newer", Sqlite::open(scene.file()).await.unwrap_err());
    scene.sql("DELETE FROM timestamp_migrations WHERE version = 7; UPDATE timestamp_migrations SET fingerprint = ''");
    messages.add("OpenError::Migration, changed", Sqlite::open(scene.file()).await.unwrap_err());
    scene
}

async fn repository_errors(messages: &mut Messages) -> Scene {
    let scene = scene();
    scene.sql(
        "CREATE TABLE notes (id INTEGER, text TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '', updated_at_ms DATETIME)",
    );
    let store = opened(&scene).await;
    messages.add("RepositoryError::Mismatch", store.repository::<Note>().await.unwrap_err());
    let reading = Sqlite::options().read_only().open(scene.file()).await.unwrap();
    messages.add("RepositoryError::Missing", reading.repository::<Unknown>().await.unwrap_err());
    let holder = Connection::open(scene.file()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    messages.add("RepositoryError::Busy", store.repository::<Unknown>().await.unwrap_err());
    scene
}

async fn backup_errors(messages: &mut Messages) -> Scene {
    let scene = scene();
    let store = Sqlite::options().clock(&Clock::system()).open(scene.file()).await.unwrap();
    messages.add("BackupError::Exists", store.backup(scene.file()).await.unwrap_err());
    let target = scene.folder.path().join("missing/copy.db");
    messages.add("BackupError::Backend", store.backup(target).await.unwrap_err());
    scene
}
