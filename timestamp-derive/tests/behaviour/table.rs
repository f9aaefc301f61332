use timestamp_core::{ColumnDefinition, ColumnType, Record, Timestamped, Timestamps, Value};

use crate::row::{restored, row, stored_timestamps};

#[derive(Timestamped)]
#[timestamped(table = "tasks")]
struct Task {
    title: String,
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
    done: bool,
    estimate: Option<f64>,
}

fn task() -> Task {
    Task::create(|timestamps| Task { title: "write".into(), id: 7, timestamps, done: true, estimate: None }).unwrap()
}

#[test]
fn columns_stand_in_the_order_of_the_fields_without_the_timestamps() {
    let column = |name, column_type, nullable| ColumnDefinition { name, column_type, nullable };
    assert_eq!(
        Task::COLUMNS,
        [
            column("title", ColumnType::Text, false),
            column("id", ColumnType::Integer, false),
            column("done", ColumnType::Bool, false),
            column("estimate", ColumnType::Real, true),
        ]
    );
    assert_eq!((Task::TABLE, Task::ID_COLUMN), ("tasks", 1));
}

#[test]
fn fields_are_written_as_their_columns_say() {
    let values = row(&task()).0;
    assert_eq!(values, [Value::Text("write".into()), Value::Integer(7), Value::Bool(true), Value::Null]);
}

#[test]
fn restored_entity_has_the_stored_fields_and_the_given_timestamps() {
    let task: Task = restored(&row(&task()));
    assert_eq!((task.title.as_str(), task.id, task.done, task.estimate), ("write", 7, true, None));
    assert_eq!(task.timestamps, stored_timestamps());
    assert_eq!(task.version(), 3);
    assert_eq!(task.pending_events().len(), 0);
}

#[test]
fn unreadable_value_is_reported_with_its_column() {
    for (column, name) in [(0, "title"), (1, "id"), (2, "done"), (3, "estimate")] {
        let mut row = row(&task());
        row.0[column] = Value::Blob(vec![1].into());
        let Err(error) = Task::restore(&mut row, stored_timestamps()) else { panic!("{name} was read from a blob") };
        assert_eq!(Task::COLUMNS[error.column].name, name);
    }
}

#[test]
fn unstorable_value_is_reported_with_its_column() {
    let mut task = task();
    task.estimate = Some(f64::NAN);
    let error = task.encode(&mut crate::row::Row::default()).unwrap_err();
    assert_eq!(Task::COLUMNS[error.column].name, "estimate");
}
