use timestamp_core::{EpochMs, Timestamped, Timestamps};
use timestamp_repo::{FindError, SaveError};
use uuid::Uuid;

use crate::database::{Place, assert_says};

#[derive(Debug, Timestamped)]
#[timestamped(table = "notes")]
struct Note {
    #[timestamped(id)]
    id: Uuid,
    text: String,
    number: i32,
    flag: bool,
    ratio: f64,
    due: Option<EpochMs>,
    other: Option<Uuid>,
    #[timestamped(json)]
    labels: Vec<String>,
    timestamps: Timestamps,
}

const ID: Uuid = Uuid::from_u128(0x0190_b7a4_5d4f_7bb0_9f5e_6f0b_9c1d_2e3f);

/// No NOT NULL anywhere, so that a hand can put in anything.
const NOTES: &str = "CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT, number INTEGER, flag INTEGER, ratio REAL, \
                     due BIGINT, other TEXT, labels TEXT, created_at_ms BIGINT, updated_at_ms BIGINT, version BIGINT)";

fn note() -> Note {
    Note::create(|timestamps| Note {
        id: ID,
        text: "text".into(),
        number: 1,
        flag: true,
        ratio: 0.5,
        due: None,
        other: None,
        labels: Vec::new(),
        timestamps,
    })
    .unwrap()
}

/// Column, what a hand puts there, and the words of the answer.
const DAMAGES: &[(&str, &str, &str)] = &[
    ("created_at_ms", "'2026-01-31T12:34:56Z'", "expected epoch milliseconds, found text"),
    ("created_at_ms", "NULL", "expected epoch milliseconds, found NULL"),
    ("created_at_ms", "1.5", "expected epoch milliseconds, found a floating point number"),
    ("created_at_ms", "x'00'", "expected epoch milliseconds, found bytes"),
    ("updated_at_ms", "'now'", "expected epoch milliseconds, found text"),
    ("updated_at_ms", "253402300800000", "9999"), // the first millisecond of the year 10000
    ("updated_at_ms", "-62167219200001", "0000"), // the last one before the year 0000
    ("updated_at_ms", "9223372036854775807", "9999"),
    ("updated_at_ms", "-9223372036854775808", "0000"),
    ("version", "0", "expected a version from 1 to 4,294,967,295"),
    ("version", "-1", "expected a version from 1"),
    ("version", "4294967296", "expected a version from 1"),
    ("version", "'two'", "expected a version from 1"),
    ("version", "NULL", "expected a version from 1"),
    ("version", "1.5", "expected a version from 1"),
    ("text", "NULL", "expected text, found NULL"),
    ("text", "x'616263'", "expected text, found bytes"),
    ("text", "CAST(x'ff4142' AS TEXT)", "the text is not UTF-8"),
    ("number", "'secret'", "expected an integer, found text"),
    ("number", "2147483648", "does not fit into the field's type `i32`"),
    ("number", "1.5", "expected an integer, found a floating point number"),
    ("flag", "2", "expected 0 or 1"),
    ("flag", "'true'", "expected a boolean, found text"),
    ("ratio", "'secret'", "expected a floating point number, found text"),
    ("due", "253402300800000", "9999"),
    ("due", "'tomorrow'", "expected epoch milliseconds, found text"),
    ("other", "'not-a-uuid-secret'", "the text is not a UUID"),
    ("other", "x'0102'", "a UUID has 16 bytes"),
    ("labels", "'{\"secret\": '", ""),
    ("labels", "'{\"secret\": 1}'", ""),
    ("labels", "'[1]'", ""),
    ("labels", "NULL", ""),
];

#[track_caller]
fn assert_names(error: &FindError, column: &str, words: &str, value: &str) {
    let FindError::Unreadable { table, column: named, id, message } = error else { panic!("{column}: {error}") };
    assert_eq!((table.as_str(), named.as_str(), id.as_str()), ("notes", column, ID.to_string().as_str()), "{error}");
    assert!(message.contains(words) && !message.is_empty(), "{column}: {message:?}, not {words:?}");
    assert_says(error, &["table `notes`", &format!("column `{column}`"), &ID.to_string()]);
    if value.contains("secret") {
        assert!(!error.to_string().contains("secret"), "the value is repeated: {error}");
    }
}

#[tokio::test]
async fn unreadable_column_is_named_by_every_read() {
    for &(column, value, words) in DAMAGES {
        let place = Place::with(NOTES);
        let store = place.store().await;
        let notes = store.repository::<Note>().await.unwrap();
        notes.save(&mut note()).await.unwrap();
        place.sql(&format!("UPDATE notes SET {column} = {value}"));

        assert_names(&notes.find(&ID).await.unwrap_err(), column, words, value);
        assert_names(&notes.find_all([&ID]).await.unwrap_err(), column, words, value);
        assert_names(&notes.recent(None, 10).await.unwrap_err(), column, words, value);
        assert_names(&notes.filter("1", ()).await.unwrap_err(), column, words, value);
        let updated = notes.update(&ID, |note| note.touch("again")).await.unwrap_err();
        assert_says(updated, &[column, words]);

        let mut unit = store.begin().await.unwrap();
        assert_names(&unit.find::<Note>(&ID).await.unwrap_err(), column, words, value);
        unit.connection().await.unwrap(); // from here on the unit reads through its own transaction
        assert_names(&unit.find::<Note>(&ID).await.unwrap_err(), column, words, value);
        assert_names(&unit.filter::<Note>("1", ()).await.unwrap_err(), column, words, value);
        unit.commit().await.unwrap();
    }
}

#[tokio::test]
async fn unreadable_row_does_not_hide_the_others() {
    let place = Place::with(NOTES);
    let notes = place.store().await.repository::<Note>().await.unwrap();
    notes.save(&mut note()).await.unwrap();
    place.sql("UPDATE notes SET id = upper(id) || 'x'; ");
    let mut good = note();
    notes.save(&mut good).await.unwrap_err(); // its events are there
    let error = notes.filter("1", ()).await.unwrap_err();
    let FindError::Unreadable { column, id, .. } = &error else { panic!("{error}") };
    assert_eq!((column.as_str(), id.as_str()), ("id", format!("{}x", ID.to_string().to_uppercase()).as_str()));
    assert!(notes.filter("id NOT LIKE '%x'", ()).await.unwrap().is_empty());
}

/// A save of an entity that was loaded before meets a row that a hand has changed.
#[tokio::test]
async fn damaged_row_is_not_saved_over() {
    for (damage, conflict) in [
        ("version = NULL", true),
        ("version = 'x'", true),
        ("version = 99", true),
        ("created_at_ms = 'x'", false),
        ("created_at_ms = created_at_ms + 1", false),
        ("updated_at_ms = NULL", false),
        ("updated_at_ms = updated_at_ms - 1", false),
    ] {
        let place = Place::with(NOTES);
        let notes = place.store().await.repository::<Note>().await.unwrap();
        let mut note = note();
        notes.save(&mut note).await.unwrap();
        place.sql(&format!("UPDATE notes SET {damage}"));
        note.touch("changed");
        let error = notes.save(&mut note).await.unwrap_err();
        if conflict {
            assert!(matches!(error, SaveError::Conflict), "{damage}: {error}");
        } else {
            assert!(matches!(error, SaveError::TimestampsTampered), "{damage}: {error}");
        }
        assert_eq!(note.pending_events().len(), 1);
        let error = notes.delete(&mut note, "gone").await.unwrap_err();
        assert!(matches!(error, SaveError::Conflict | SaveError::TimestampsTampered), "{damage}: {error}");
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 1);
    }
}

/// Bulk touches do not load rows, and must not spread what is wrong with one.
#[tokio::test]
async fn bulk_touch_names_the_row_it_can_not_touch() {
    for (column, value) in [
        ("updated_at_ms", "'2026-01-31'"),
        ("updated_at_ms", "NULL"),
        ("updated_at_ms", "1.5"),
        ("updated_at_ms", "253402300800000"),
        ("version", "NULL"),
        ("version", "'x'"),
        ("version", "0"),
        ("version", "-5"),
        ("version", "4294967295"),
        ("version", "9223372036854775807"),
        ("id", "NULL"),
    ] {
        let place = Place::with(NOTES);
        let store = place.store().await;
        let notes = store.repository::<Note>().await.unwrap();
        notes.save(&mut note()).await.unwrap();
        place.sql(&format!("UPDATE notes SET {column} = {value}"));
        let error = notes.touch_all("1", (), "all").await.unwrap_err();
        assert_says(&error, &["table `notes`", &format!("column `{column}`")]);
        if column != "id" {
            assert_says(&error, &[&ID.to_string()]);
        }
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 1);
        let mut unit = store.begin().await.unwrap();
        assert!(unit.touch_all::<Note>("1", (), "all").await.is_err());
        drop(unit);
        assert_eq!(place.value::<i64>("SELECT count(*) FROM timestamp_outbox"), 1);
    }
}

#[tokio::test]
async fn unreadable_event_is_named() {
    for (column, value, words) in [
        ("id", "'nothing'", "the text is not a UUID"),
        ("aggregatetype", "x'00'", "expected text"),
        ("kind", "CAST(x'ff' AS TEXT)", "expected text"),
        ("kind", "'renamed'", "expected `created`, `updated` or `deleted`"),
        ("payload", "x'00'", "expected text"),
        ("version", "-1", "a version is positive"),
        ("version", "'x'", "expected an integer"),
        ("occurred_at_ms", "'noon'", "expected epoch milliseconds"),
        ("occurred_at_ms", "253402300800000", "9999"),
        ("recorded_at_ms", "1.5", "expected epoch milliseconds"),
        ("reason", "x'00'", "expected text or NULL"),
    ] {
        let place = Place::with(NOTES);
        let store = place.store().await;
        let notes = store.repository::<Note>().await.unwrap();
        notes.save(&mut note()).await.unwrap();
        place.sql(&format!(
            "DROP TRIGGER timestamp_outbox_is_never_changed; UPDATE timestamp_outbox SET {column} = {value}"
        ));
        let error = store.outbox().after(0, 10).await.unwrap_err();
        let FindError::Unreadable { table, column: named, id, message } = &error else { panic!("{error}") };
        assert_eq!((table.as_str(), named.as_str(), id.as_str()), ("timestamp_outbox", column, "1"), "{error}");
        assert!(message.contains(words), "{column}: {message}");
    }
}
