use std::process::Command;
use std::time::Duration;

use timestamp_core::Timestamped;
use timestamp_repo::{CommitError, Repository, SaveError, Sqlite};

use crate::database::{BOTH, Place, Task, assert_says, skip};
use crate::processes::{child, is_child};

/// Lets the database grow by no page from here on, or by many again.
async fn set_full(store: &Sqlite, full: bool) {
    let mut unit = store.begin().await.unwrap();
    let connection = unit.connection().await.unwrap();
    let pages = if full { 1 } else { 1_000_000 }; // never less than there are
    let _: i64 = connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0)).unwrap();
    unit.commit().await.unwrap();
}

fn large(title: &str) -> Task {
    Task::new(title.repeat(100_000 / title.len()))
}

#[track_caller]
fn assert_full(error: &SaveError) {
    assert!(matches!(error, SaveError::Backend(_)), "{error}");
    assert_says(error, &["store.db", "the disk is full"]);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn full_disk_stores_nothing_of_a_save() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        tasks.save(&mut Task::new("before")).await.unwrap();
        set_full(&store, true).await;
        let mut task = large("large");
        for _ in 0..2 {
            assert_full(&tasks.save(&mut task).await.unwrap_err());
            assert_eq!(task.pending_events().len(), 1);
            assert!(tasks.find(task.id()).await.unwrap().is_none());
            assert!(store.outbox().of(&task).await.unwrap().is_empty());
        }
        let mut batch = [Task::new("small"), large("also large")];
        assert_full(&tasks.save_all(&mut batch).await.unwrap_err().error);
        assert!(batch.iter().all(|task| task.pending_events().len() == 1));
        place.assert_rows_and_events_agree();

        set_full(&store, false).await;
        tasks.save(&mut task).await.unwrap();
        tasks.save_all(&mut batch).await.unwrap();
        assert!(task.pending_events().len() == 0 && batch.iter().all(|task| task.pending_events().len() == 0));
        assert_eq!(store.outbox().after(0, 10).await.unwrap().len(), 4);
        place.assert_rows_and_events_agree();
    }
}

#[tokio::test]
async fn full_disk_ends_a_unit_and_stores_nothing_of_it() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        tasks.save(&mut Task::new("before")).await.unwrap();
        set_full(&store, true).await;
        let (mut small, mut big, mut late) = (Task::new("small"), large("large"), Task::new("late"));
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut small).await.unwrap();
        assert_full(&unit.save(&mut big).await.unwrap_err());
        // What comes later must not be stored alone, and the unit must not look as if it could go on.
        assert_says(unit.save(&mut late).await.unwrap_err(), &["the unit of work is over"]);
        assert!(unit.find::<Task>(small.id()).await.is_err());
        assert!(matches!(unit.commit().await, Err(CommitError::RolledBack)));
        for task in [&small, &big, &late] {
            assert_eq!(task.pending_events().len(), 1);
            assert!(tasks.find(task.id()).await.unwrap().is_none());
        }
        set_full(&store, false).await;
        for task in [&mut small, &mut big, &mut late] {
            tasks.save(task).await.unwrap();
        }
        assert_eq!(store.outbox().after(0, 10).await.unwrap().len(), 4);
        place.assert_rows_and_events_agree();
    }
}

/// Saves all at the same time, so that they come in groups; returns each with its outcome.
pub(crate) async fn save_together(
    tasks: &Repository<Task, Sqlite>,
    entities: Vec<Task>,
) -> Vec<(Task, Result<(), SaveError>)> {
    let saves: Vec<_> = entities
        .into_iter()
        .map(|mut task| {
            let tasks = tasks.clone();
            tokio::spawn(async move {
                let outcome = tasks.save(&mut task).await;
                (task, outcome)
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for save in saves {
        outcomes.push(save.await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn full_disk_fails_one_save_and_not_its_neighbours() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        tasks.save(&mut large("makes room")).await.unwrap();
        // Deleted, it leaves free pages for the small ones, and not enough for the large one.
        let mut roomy = tasks.filter("1", ()).await.unwrap().remove(0);
        tasks.delete(&mut roomy, "to make room").await.unwrap();
        set_full(&store, true).await;
        let mut entities = Task::many(30);
        entities.insert(15, Task::new("x".repeat(2_000_000)));
        for (task, outcome) in save_together(&tasks, entities).await {
            if task.title.len() > 1_000 {
                assert_full(&outcome.unwrap_err());
                assert_eq!(task.pending_events().len(), 1);
                assert!(tasks.find(task.id()).await.unwrap().is_none());
            } else {
                outcome.unwrap();
                assert_eq!(task.pending_events().len(), 0);
                assert!(tasks.find(task.id()).await.unwrap().is_some());
            }
        }
        place.assert_rows_and_events_agree();
    }
}

const RAISES: &str = "CREATE TRIGGER refuse BEFORE INSERT ON tasks WHEN NEW.title = 'bad' \
                      BEGIN SELECT RAISE(KIND, 'no bad titles'); END";

#[tokio::test]
async fn trigger_that_raises_fails_one_save_and_not_its_neighbours() {
    for durability in BOTH {
        for kind in ["ROLLBACK", "ABORT", "FAIL", "IGNORE"] {
            let place = Place::new();
            let store = place.store_with(durability).await;
            let tasks = store.repository::<Task>().await.unwrap();
            let sql = if kind == "IGNORE" {
                RAISES.replace("KIND, 'no bad titles'", "IGNORE")
            } else {
                RAISES.replace("KIND", kind)
            };
            place.sql(&sql);
            let mut entities = Task::many(20);
            for place in [3, 11, 12] {
                entities[place].title = "bad".to_owned();
            }
            for (task, outcome) in save_together(&tasks, entities).await {
                let found = tasks.find(task.id()).await.unwrap();
                if task.title == "bad" {
                    let error = outcome.unwrap_err();
                    assert!(matches!(error, SaveError::Constraint { .. }), "{kind}: {error}");
                    assert_says(&error, &[if kind == "IGNORE" { "a trigger on tasks" } else { "no bad titles" }]);
                    assert_eq!(task.pending_events().len(), 1);
                    assert!(found.is_none());
                } else {
                    outcome.unwrap();
                    assert_eq!((task.pending_events().len(), found.is_some()), (0, true));
                }
            }
            place.assert_rows_and_events_agree();
        }
    }
}

/// Unlike one that aborts, such a trigger undoes nothing of what it did before.
#[tokio::test]
async fn trigger_that_writes_and_then_ignores_leaves_nothing_of_a_refused_save() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        place.sql(
            "CREATE TABLE notes (title TEXT);
             CREATE TRIGGER note BEFORE INSERT ON tasks WHEN NEW.title = 'bad'
             BEGIN INSERT INTO notes VALUES (NEW.title); SELECT RAISE(IGNORE); END",
        );
        let mut entities = Task::many(20);
        for place in [3, 11, 12] {
            entities[place].title = "bad".to_owned();
        }
        for (task, outcome) in save_together(&tasks, entities).await {
            match outcome {
                Ok(()) => assert_ne!(task.title, "bad"),
                Err(error) => assert!(matches!(error, SaveError::Constraint { .. }) && task.title == "bad", "{error}"),
            }
        }
        assert_eq!(place.value::<i64>("SELECT count(*) FROM notes"), 0, "{durability:?}");
        place.assert_rows_and_events_agree();
    }
}

/// After `RAISE(ROLLBACK)` the next statement would be stored alone, if nobody looked.
#[tokio::test]
async fn trigger_that_rolls_back_ends_the_unit() {
    for durability in BOTH {
        let place = Place::new();
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        place.sql(&RAISES.replace("KIND", "ROLLBACK"));
        let (mut first, mut bad, mut last) = (Task::new("first"), Task::new("bad"), Task::new("last"));
        let mut unit = store.begin().await.unwrap();
        unit.save(&mut first).await.unwrap();
        let error = unit.save(&mut bad).await.unwrap_err();
        assert!(matches!(&error, SaveError::Constraint { name } if name == "no bad titles"), "{error}");
        assert_eq!(first.pending_events().len(), 1);
        assert_says(unit.save(&mut last).await.unwrap_err(), &["rolled its transaction back"]);
        assert!(matches!(unit.commit().await, Err(CommitError::RolledBack)));
        assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), 0);
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 0);
        // Nobody is left in flight.
        for task in [&mut first, &mut last] {
            tasks.save(task).await.unwrap();
        }
        place.assert_rows_and_events_agree();
    }
}

#[tokio::test]
async fn trigger_that_aborts_leaves_the_unit_usable() {
    let place = Place::new();
    let store = place.store().await;
    store.repository::<Task>().await.unwrap();
    place.sql(&RAISES.replace("KIND", "ABORT"));
    let mut bad = Task::new("bad");
    let mut unit = store.begin().await.unwrap();
    unit.save(&mut Task::new("first")).await.unwrap();
    assert!(matches!(unit.save(&mut bad).await, Err(SaveError::Constraint { .. })));
    bad.title = "good".to_owned();
    unit.save(&mut bad).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(place.value::<i64>("SELECT count(*) FROM tasks"), 2);
    place.assert_rows_and_events_agree();
}

/// Constraints of the user's own, by name where they have one.
#[tokio::test]
async fn constraint_is_named_and_its_value_is_not() {
    let place = Place::with(
        "CREATE TABLE people (name TEXT PRIMARY KEY);
         CREATE TABLE tasks (id TEXT NOT NULL PRIMARY KEY,
             title TEXT NOT NULL UNIQUE CONSTRAINT short_title CHECK (length(title) < 20) REFERENCES people
                 DEFERRABLE INITIALLY DEFERRED,
             done INTEGER NOT NULL CHECK (done IN (0, 1)),
             created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT NOT NULL, version BIGINT NOT NULL);
         INSERT INTO people VALUES ('secret ada'), ('bob');",
    );
    for durability in BOTH {
        let store = place.store_with(durability).await;
        let tasks = store.repository::<Task>().await.unwrap();
        let _ = tasks.save(&mut Task::new("secret ada")).await;
        for (title, expected) in [
            ("secret ada", "tasks.title"),
            ("secret, and much too long", "short_title"),
            ("secret nobody", "FOREIGN KEY"),
        ] {
            let mut task = Task::new(title);
            let error = tasks.save(&mut task).await.unwrap_err();
            assert!(matches!(&error, SaveError::Constraint { name } if name == expected), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
            assert_eq!(task.pending_events().len(), 1);
            let mut unit = store.begin().await.unwrap();
            let ended = match unit.save(&mut task).await {
                Err(SaveError::Constraint { name }) => name,
                Ok(()) => match unit.commit().await {
                    Err(CommitError::Constraint { name }) => name,
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            };
            assert_eq!(ended, expected);
            assert_eq!(task.pending_events().len(), 1);
        }
        place.assert_rows_and_events_agree();
    }
}

/// A real file system that is full, in a namespace of its own.
#[test]
fn full_file_system_stores_nothing_of_a_save() {
    let works = Command::new("unshare")
        .args(["-rm", "sh", "-c", "mkdir -p \"$0\" && mount -t tmpfs -o size=1m none \"$0\"", "/tmp"])
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        return skip("`unshare -rm` can not mount a small file system here");
    }
    let place = Place::new();
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", "mount -t tmpfs -o size=2m none \"$FULL\" && exec \"$0\" \"$@\""]);
    let output = child("failures::child_fills_its_file_system", unshare).env("FULL", place.folder()).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
}

#[tokio::test]
#[ignore = "runs in a child process of `full_file_system_stores_nothing_of_a_save`"]
async fn child_fills_its_file_system() {
    if !is_child() {
        return;
    }
    let folder = std::path::PathBuf::from(std::env::var_os("FULL").unwrap());
    for (number, durability) in BOTH.into_iter().enumerate() {
        let path = folder.join(format!("{number}.db"));
        let options = Sqlite::options().durability(durability).busy_timeout(Duration::from_millis(300));
        let store = options.open(&path).await.unwrap();
        let tasks = store.repository::<Task>().await.unwrap();
        let mut saved = Vec::new();
        let mut kept = Task::new("kept");
        tasks.save(&mut kept).await.unwrap();
        saved.push(kept);
        // Everything that is left goes to somebody else.
        let mut size = 1 << 20;
        let mut taken = 0;
        while size >= 512 {
            if std::fs::write(folder.join(format!("{taken}.ballast")), vec![1; size]).is_ok() {
                taken += 1;
            } else {
                let _ = std::fs::remove_file(folder.join(format!("{taken}.ballast")));
                size /= 2;
            }
        }
        // Small ones may fit into the log's preallocated end; at some point nothing does.
        let mut refused = Vec::new();
        for _ in 0..200 {
            let mut task = Task::new("y".repeat(3_000));
            match tasks.save(&mut task).await {
                Ok(()) => saved.push(task),
                Err(error) => {
                    assert_says(&error, &[".db", "full"]);
                    assert_eq!(task.pending_events().len(), 1);
                    refused.push(task);
                }
            }
        }
        assert!(refused.len() > 100, "{} were saved on a full file system", saved.len());
        for (task, outcome) in save_together(&tasks, (0..20).map(|_| Task::new("z".repeat(3_000))).collect()).await {
            assert_says(outcome.unwrap_err(), &[".db", "full"]);
            refused.push(task);
        }
        let mut unit = store.begin().await.unwrap();
        let mut in_unit = Task::new("w".repeat(10_000));
        let written = unit.save(&mut in_unit).await;
        let committed = unit.commit().await;
        assert!(written.is_err() || committed.is_err());
        assert_eq!(in_unit.pending_events().len(), 1);
        refused.push(in_unit);
        // A COMMIT of the user's own, which fails.
        let mut unit = store.begin().await.unwrap();
        let mut ended_elsewhere = Task::new("v".repeat(10_000));
        unit.save(&mut ended_elsewhere).await.unwrap();
        unit.connection().await.unwrap().execute_batch("COMMIT").unwrap_err();
        assert!(matches!(unit.commit().await, Err(CommitError::OutcomeUnknown)));
        assert_eq!(ended_elsewhere.pending_events().len(), 1);
        refused.push(ended_elsewhere);

        for task in &refused {
            assert!(tasks.find(task.id()).await.unwrap().is_none());
            assert!(store.outbox().of(task).await.unwrap().is_empty());
        }
        // Space is back, and so is everything.
        for number in 0..taken {
            let _ = std::fs::remove_file(folder.join(format!("{number}.ballast")));
        }
        for task in &mut refused[..30] {
            tasks.save(task).await.unwrap();
        }
        saved.extend(refused.drain(..30));
        for task in &saved {
            assert!(tasks.find(task.id()).await.unwrap().is_some());
            assert_eq!(store.outbox().of(task).await.unwrap().len(), 1);
        }
        assert_eq!(tasks.filter("1", ()).await.unwrap().len(), saved.len());
        drop((store, tasks));
        for entry in std::fs::read_dir(&folder).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}
