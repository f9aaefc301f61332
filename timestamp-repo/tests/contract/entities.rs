//! The entities of the contract, a store that holds them, and the books that must balance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timestamp_core::{Clock, Timestamped, Timestamps, ValidationError};
use timestamp_repo::{Repository, SaveError, Store, UnitOfWork};
use uuid::Uuid;

use super::harness::{EventRow, Harness, Row};

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "tasks", validate = Self::check)]
pub(crate) struct Task {
    #[timestamped(id)]
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) done: bool,
    pub(crate) count: i64,
    timestamps: Timestamps,
}

impl Task {
    pub(crate) fn new(clock: &Clock, title: &str) -> Self {
        Self::with_id(clock, Uuid::now_v7(), title)
    }

    pub(crate) fn with_id(clock: &Clock, id: Uuid, title: &str) -> Self {
        let title = title.to_owned();
        Self::create_with(clock, |timestamps| Self { id, title, done: false, count: 0, timestamps }).unwrap()
    }

    pub(crate) fn increment(&mut self) {
        self.count += 1;
        self.touch("incremented");
    }

    /// What code in the entity's own module can do, and nobody else.
    pub(crate) fn swap_timestamps(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.timestamps, &mut other.timestamps);
    }

    fn check(&self) -> Result<(), ValidationError> {
        let mut wrong = ValidationError::none();
        if self.title.is_empty() {
            wrong.add("title", "must not be empty");
        }
        if self.count < 0 {
            wrong.add("count", "must not be negative");
        }
        wrong.into_result()
    }
}

#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "steps")]
pub(crate) struct Step {
    #[timestamped(id)]
    pub(crate) id: Uuid,
    pub(crate) task_id: Uuid,
    timestamps: Timestamps,
}

impl Step {
    pub(crate) fn of(clock: &Clock, task_id: Uuid) -> Self {
        Self::create_with(clock, |timestamps| Self { id: Uuid::now_v7(), task_id, timestamps }).unwrap()
    }
}

/// An entity of another type, with another kind of id.
#[derive(Debug, Clone, Timestamped)]
#[timestamped(table = "notes")]
pub(crate) struct Note {
    #[timestamped(id)]
    pub(crate) id: i64,
    pub(crate) text: Option<String>,
    timestamps: Timestamps,
}

impl Note {
    pub(crate) fn new(clock: &Clock, id: i64) -> Self {
        Self::create_with(clock, |timestamps| Self { id, text: None, timestamps }).unwrap()
    }
}

pub(crate) type Tasks<H> = Repository<Task, <H as Harness>::Store>;

/// A store that waits long enough for a busy machine, and its tasks.
pub(crate) async fn open<H: Harness>(harness: &H) -> (H::Store, Tasks<H>) {
    let store = harness.open(Duration::from_secs(30)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    (store, tasks)
}

/// A store that waits for nobody to speak of, and its tasks.
pub(crate) async fn open_impatient<H: Harness>(harness: &H) -> (H::Store, Tasks<H>) {
    let store = harness.open(Duration::from_millis(150)).await;
    let tasks = store.repository::<Task>().await.unwrap();
    (store, tasks)
}

/// A task that is stored already.
pub(crate) async fn saved<H: Harness>(harness: &H, tasks: &Tasks<H>, title: &str) -> Task {
    let mut task = Task::new(harness.clock(), title);
    tasks.save(&mut task).await.unwrap();
    task
}

/// Writes in the unit what saves of `task` have to wait for.
pub(crate) async fn hold<H: Harness>(harness: &H, unit: &mut UnitOfWork<H::Store>, task: &Task) {
    if H::ONE_WRITER {
        unit.save(&mut Task::new(harness.clock(), "holder")).await.unwrap();
    } else {
        let mut same = unit.find::<Task>(&task.id).await.unwrap().unwrap();
        same.touch("held");
        unit.save(&mut same).await.unwrap();
    }
}

/// Ends a unit that [`hold`]s. The task can be saved then.
pub(crate) async fn let_go<H: Harness>(unit: UnitOfWork<H::Store>) {
    if H::ONE_WRITER { unit.commit().await.unwrap() } else { unit.rollback() }
}

/// Waits until the transaction that `task` was written in has ended, where nothing else waits for that.
pub(crate) async fn landed<H: Harness>(store: &H::Store, task: &Task) {
    for _ in 0..2_000 {
        let mut unit = store.begin().await.unwrap();
        let asked = unit.save(&mut task.clone()).await;
        unit.rollback();
        if !matches!(asked, Err(SaveError::InFlight)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a transaction never told its entity how it ended");
}

pub(crate) fn pending<E: Timestamped>(entity: &E) -> usize {
    entity.pending_events().len()
}

/// Kind and version of each stored event of one entity, such as `created 1, updated 2`.
pub(crate) async fn stored<H: Harness, E: Timestamped<Id: ToString>>(harness: &H, entity: &E) -> String {
    let id = entity.id().to_string();
    let events = harness.events().await;
    let own = events.iter().filter(|event| event.entity_type == E::ENTITY_TYPE && event.entity_id == id);
    own.map(|event| format!("{} {}", event.kind, event.version)).collect::<Vec<_>>().join(", ")
}

pub(crate) async fn row<H: Harness>(harness: &H, task: &Task) -> Option<Row> {
    let id = task.id.to_string();
    harness.rows("tasks").await.into_iter().find(|row| row.id == id)
}

pub(crate) fn name_of_constraint(error: &SaveError) -> &str {
    match error {
        SaveError::Constraint { name } => name,
        other => panic!("expected a constraint, found {other:?}"),
    }
}

/// Rows and events agree: law 3 and law 4, for everything that is stored.
pub(crate) async fn assert_books_balance<H: Harness>(harness: &H, tables: &[(&str, &str)]) {
    let events = harness.events().await;
    let ids: BTreeSet<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len(), "an event was stored twice");
    for (table, entity_type) in tables {
        let rows = harness.rows(table).await;
        let mut stored: BTreeMap<&str, Vec<&EventRow>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.entity_type == *entity_type) {
            stored.entry(&event.entity_id).or_default().push(event);
        }
        for (id, events) in &stored {
            assert_history(id, events);
            let last = events[events.len() - 1];
            let row = rows.iter().find(|row| row.id == **id);
            match (last.kind.as_str(), row) {
                ("deleted", None) => {}
                ("deleted", Some(row)) => panic!("a deleted entity has a row: {row:?}"),
                (_, None) => panic!("events without a row: {events:?}"),
                (_, Some(row)) => {
                    let expected = Row {
                        id: row.id.clone(),
                        created_at: events[0].at,
                        updated_at: last.at,
                        version: last.version,
                    };
                    assert_eq!(*row, expected, "the row and its last event differ");
                }
            }
        }
        for row in rows {
            assert!(stored.contains_key(row.id.as_str()), "a row without events: {row:?}");
        }
    }
}

/// An entity's events, as they follow each other in the outbox.
fn assert_history(id: &str, events: &[&EventRow]) {
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.version, index as i64 + 1, "a gap, or out of order: {id} {events:?}");
        assert_eq!(event.kind == "created", index == 0, "{id} {events:?}");
        assert!(event.kind != "deleted" || index + 1 == events.len(), "an event after the last: {id} {events:?}");
        assert!(index == 0 || events[index - 1].at <= event.at, "time went back: {id} {events:?}");
    }
}
