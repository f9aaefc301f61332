use timestamp_core::{Timestamped, Timestamps};
use timestamp_repo::RepositoryError;

use crate::database::{Place, TASKS, Task, assert_says};

/// Opens the tasks of a database in which `sql` made the table; returns what does not fit.
async fn problems(sql: &str) -> Vec<String> {
    let place = Place::with(sql);
    let store = place.store().await;
    let before: String = place.value("SELECT group_concat(sql) FROM sqlite_schema");
    let error = store.repository::<Task>().await.unwrap_err();
    assert_says(&error, &["table `tasks` does not fit `Task`: "]);
    assert_eq!(place.value::<String>("SELECT group_concat(sql) FROM sqlite_schema"), before);
    let RepositoryError::Mismatch { problems, table, entity } = error else { panic!("{error}") };
    assert_eq!((table.as_str(), entity), ("tasks", "Task"));
    problems
}

/// The same for the table of the tests in which one column is written another way.
async fn problems_where(column: &str, other: &str) -> Vec<String> {
    assert!(TASKS.contains(column));
    problems(&TASKS.replace(column, other)).await
}

#[tokio::test]
async fn missing_column_is_named_with_what_to_add() {
    assert_eq!(
        problems_where("title TEXT NOT NULL, ", "").await,
        ["column `title` is missing: add `title TEXT NOT NULL`"]
    );
}

#[tokio::test]
async fn missing_timestamps_are_named_with_what_to_add() {
    assert_eq!(
        problems("CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT, done INTEGER, created_at_ms BIGINT)").await,
        [
            "column `updated_at_ms` is missing: add `updated_at_ms BIGINT NOT NULL`",
            "column `version` is missing: add `version BIGINT NOT NULL`",
        ]
    );
}

#[tokio::test]
async fn wrong_types_are_named_with_the_right_ones() {
    for (column, other, expected) in [
        ("title TEXT", "title INTEGER", "column `title` has the type `INTEGER`, and the field needs TEXT"),
        ("title TEXT", "title STRING", "column `title` has the type `STRING`, and the field needs TEXT"),
        ("title TEXT", "title", "column `title` has no type, and the field needs TEXT"),
        ("done INTEGER", "done TEXT", "column `done` has the type `TEXT`, and the field needs INTEGER"),
        ("id TEXT", "id INTEGER", "column `id` has the type `INTEGER`, and the field needs TEXT or BLOB"),
        ("id TEXT", "id UUID", "column `id` has the type `UUID`, and the field needs TEXT or BLOB"),
    ] {
        assert_eq!(problems_where(column, other).await, [expected]);
    }
}

/// A naive timestamp is what this library is there to replace.
#[tokio::test]
async fn naive_timestamps_are_refused() {
    for declared in ["TEXT", "DATETIME", "TIMESTAMP", "REAL"] {
        let found = problems_where("created_at_ms BIGINT", &format!("created_at_ms {declared}")).await;
        assert_eq!(
            found,
            [format!("column `created_at_ms` has the type `{declared}`, and must be BIGINT: epoch milliseconds, UTC")]
        );
    }
}

#[derive(Debug, Timestamped)]
#[timestamped(table = "tasks")]
struct Optional {
    #[timestamped(id)]
    id: String,
    title: Option<String>,
    done: bool,
    timestamps: Timestamps,
}

#[tokio::test]
async fn column_that_is_never_null_does_not_fit_an_option() {
    let place = Place::with(TASKS);
    let error = place.store().await.repository::<Optional>().await.unwrap_err();
    assert_says(error, &["column `title` is NOT NULL, and the field is an `Option`"]);
}

#[tokio::test]
async fn column_without_a_field_needs_a_default() {
    assert_eq!(
        problems_where("done INTEGER NOT NULL", "done INTEGER NOT NULL, owner TEXT NOT NULL").await,
        ["column `owner` is NOT NULL without a default, and `Task` has no field for it"]
    );
    // A primary key is filled in by SQLite only where it is the row's number.
    let keyed = TASKS.replace("id TEXT NOT NULL PRIMARY KEY", "code TEXT NOT NULL PRIMARY KEY, id TEXT UNIQUE");
    assert_eq!(problems(&keyed).await, ["column `code` is NOT NULL without a default, and `Task` has no field for it"]);
}

#[tokio::test]
async fn row_number_beside_the_id_fits() {
    let place = Place::with(
        &TASKS.replace("id TEXT NOT NULL PRIMARY KEY", "number INTEGER PRIMARY KEY NOT NULL, id TEXT NOT NULL UNIQUE"),
    );
    let (_store, tasks) = place.tasks().await;
    tasks.save_all(&mut Task::many(3)).await.unwrap();
    place.assert_rows_and_events_agree();
}

#[tokio::test]
async fn id_must_be_unique() {
    let expected = ["column `id` is neither the primary key nor UNIQUE, and it holds the id"];
    assert_eq!(problems_where(" PRIMARY KEY", "").await, expected);
    // Part of a key is no key.
    let composed = TASKS
        .replace(" PRIMARY KEY", "")
        .replace("version BIGINT NOT NULL)", "version BIGINT NOT NULL, PRIMARY KEY (id, title))");
    assert_eq!(problems(&composed).await, expected);
    let partial =
        format!("{}; CREATE UNIQUE INDEX some ON tasks (id) WHERE done = 0", TASKS.replace(" PRIMARY KEY", ""));
    assert_eq!(problems(&partial).await, expected);
}

#[tokio::test]
async fn generated_column_can_not_be_written() {
    assert_eq!(
        problems_where("title TEXT NOT NULL", "title TEXT AS (upper(id)) STORED").await,
        ["column `title` is generated, and can not be written"]
    );
    assert_eq!(
        problems_where("version BIGINT NOT NULL", "version BIGINT AS (1)").await,
        ["column `version` is generated, and can not be written"]
    );
}

#[tokio::test]
async fn view_is_no_table() {
    let view = format!("{}; CREATE VIEW tasks AS SELECT * FROM others", TASKS.replace("tasks", "others"));
    assert_eq!(problems(&view).await, ["it is a view, and an entity needs a table"]);
}

#[tokio::test]
async fn destructive_clauses_are_refused() {
    for clause in ["REPLACE", "ROLLBACK"] {
        for (column, other) in [
            ("PRIMARY KEY", format!("PRIMARY KEY ON CONFLICT {clause}")),
            ("title TEXT NOT NULL", format!("title TEXT NOT NULL ON CONFLICT {clause} DEFAULT ''")),
            ("title TEXT NOT NULL", format!("title TEXT NOT NULL UNIQUE on conflict {clause}")),
        ] {
            let found = problems_where(column, &other).await;
            assert_eq!(found.len(), 1, "{other}");
            assert_says(&found[0], &[&format!("`ON CONFLICT {clause}`"), "declare the constraint without it"]);
        }
    }
}

#[tokio::test]
async fn everything_that_does_not_fit_is_said_at_once() {
    let found = problems(
        "CREATE TABLE tasks (id TEXT UNIQUE ON CONFLICT REPLACE, done TEXT, created_at_ms DATETIME, updated_at_ms BIGINT,
         owner TEXT NOT NULL)",
    )
    .await;
    assert_eq!(found.len(), 6, "{found:#?}");
    for column in ["`title`", "`done`", "`created_at_ms`", "`version`", "`owner`", "ON CONFLICT REPLACE"] {
        assert!(found.iter().any(|problem| problem.contains(column)), "{column}: {found:#?}");
    }
}

/// A refused table opens as soon as it fits.
#[tokio::test]
async fn what_the_message_says_helps() {
    let place = Place::with(&TASKS.replace("version BIGINT NOT NULL", "x TEXT").replace("title TEXT NOT NULL, ", ""));
    let store = place.store().await;
    let error = store.repository::<Task>().await.unwrap_err();
    let RepositoryError::Mismatch { problems, .. } = error else { panic!("{error}") };
    for problem in problems {
        let column = problem.split('`').rev().nth(1).unwrap();
        place.sql(&format!("ALTER TABLE tasks ADD COLUMN {}", column.replace("NOT NULL", "NOT NULL DEFAULT ''")));
    }
    store.repository::<Task>().await.unwrap().save(&mut Task::new("fits")).await.unwrap();
}
