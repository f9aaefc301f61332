//! One entity in four ways: derived, and three that are written by hand.
//!
//! Each has a UUID, a flag, two times and a version, so what differs is the bookkeeping alone. There is no text field:
//! its allocation would hide what is measured.

use std::fmt::Debug;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use timestamp_core::{EpochMs, Timestamped, Timestamps};
use uuid::Uuid;

use crate::clock_read::clock_read;

/// What is done to an entity, in each of the ways.
pub trait Task: Sized + Debug + 'static {
    /// The name of this way, in the ids of benches and in tables.
    const VARIANT: &'static str;

    /// Creates the entity, now.
    fn create(id: Uuid) -> Self;

    /// Returns its id and whether it is done.
    fn state(&self) -> (Uuid, bool);

    /// Changes it, now, for a reason that is known at compile time.
    fn complete(&mut self);

    /// Returns the milliseconds of both times.
    fn times(&self) -> (i64, i64);

    /// Hands the pending events to `take`, as version and reason, and forgets them.
    fn drain(&mut self, take: impl FnMut(u64, &str));
}

/// Ours.
#[derive(Debug, Clone, Timestamped)]
pub struct Derived {
    #[timestamped(id)]
    id: Uuid,
    done: bool,
    timestamps: Timestamps,
}

impl Task for Derived {
    const VARIANT: &'static str = "derived";

    #[inline]
    fn create(id: Uuid) -> Self {
        match <Self as Timestamped>::create(|timestamps| Self { id, done: false, timestamps }) {
            Ok(task) => task,
            Err(_) => unreachable!("this entity has no invariants"),
        }
    }

    #[inline]
    fn state(&self) -> (Uuid, bool) {
        (self.id, self.done)
    }

    #[inline]
    fn complete(&mut self) {
        self.done = true;
        self.touch("completed");
    }

    #[inline]
    fn times(&self) -> (i64, i64) {
        (self.created_at().as_millis(), self.updated_at().as_millis())
    }

    #[inline]
    fn drain(&mut self, mut take: impl FnMut(u64, &str)) {
        let drain = self.drain_events();
        for event in drain.events() {
            take(event.version(), event.reason().unwrap_or_default());
        }
        drain.commit();
    }
}

/// The same fields by hand with [`EpochMs`]: the laws kept, no events at all. Nothing can be cheaper.
#[derive(Debug, Clone)]
pub struct FieldsByHand {
    id: Uuid,
    done: bool,
    created_at: EpochMs,
    updated_at: EpochMs,
    version: u32,
}

#[inline]
fn now() -> EpochMs {
    EpochMs::from_millis(clock_read()).unwrap_or(EpochMs::MAX)
}

impl Task for FieldsByHand {
    const VARIANT: &'static str = "fields_by_hand";

    #[inline]
    fn create(id: Uuid) -> Self {
        let now = now();
        Self { id, done: false, created_at: now, updated_at: now, version: 1 }
    }

    #[inline]
    fn state(&self) -> (Uuid, bool) {
        (self.id, self.done)
    }

    #[inline]
    fn complete(&mut self) {
        self.done = true;
        self.updated_at = now().max(self.updated_at);
        self.version += 1;
    }

    #[inline]
    fn times(&self) -> (i64, i64) {
        (self.created_at.as_millis(), self.updated_at.as_millis())
    }

    #[inline]
    fn drain(&mut self, _: impl FnMut(u64, &str)) {}
}

/// By hand with the `time` library and a list of events.
#[derive(Debug, Clone)]
pub struct EventList {
    id: Uuid,
    done: bool,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    version: u32,
    events: Vec<ListedEvent>,
}

#[derive(Debug, Clone)]
#[expect(dead_code, reason = "a field that is kept costs the same whether it is read or not")]
struct ListedEvent {
    version: u32,
    at: OffsetDateTime,
    previous: Option<OffsetDateTime>,
    reason: &'static str,
}

#[inline]
#[expect(clippy::disallowed_methods, reason = "what is written by hand where there is no `Clock`")]
fn time_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[inline]
fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1000 + i64::from(at.millisecond())
}

impl Task for EventList {
    const VARIANT: &'static str = "event_list";

    #[inline]
    fn create(id: Uuid) -> Self {
        let now = time_now();
        let events = vec![ListedEvent { version: 1, at: now, previous: None, reason: "" }];
        Self { id, done: false, created_at: now, updated_at: now, version: 1, events }
    }

    #[inline]
    fn state(&self) -> (Uuid, bool) {
        (self.id, self.done)
    }

    #[inline]
    fn complete(&mut self) {
        self.done = true;
        let previous = self.updated_at;
        self.updated_at = time_now().max(previous);
        self.version += 1;
        let (version, at) = (self.version, self.updated_at);
        self.events.push(ListedEvent { version, at, previous: Some(previous), reason: "completed" });
    }

    #[inline]
    fn times(&self) -> (i64, i64) {
        (millis(self.created_at), millis(self.updated_at))
    }

    #[inline]
    fn drain(&mut self, mut take: impl FnMut(u64, &str)) {
        for event in std::mem::take(&mut self.events) {
            take(u64::from(event.version), event.reason);
        }
    }
}

/// The pattern that this replaces: times as text, and a boxed event that carries copies of what it is about.
#[derive(Debug)]
pub struct TextAndBoxes {
    id: Uuid,
    done: bool,
    created_at: String,
    updated_at: String,
    version: u32,
    events: Vec<Box<dyn BoxedEvent>>,
}

trait BoxedEvent: Debug {
    fn version(&self) -> u32;
    fn reason(&self) -> &str;
}

#[derive(Debug)]
#[expect(dead_code, reason = "a field that is kept costs the same whether it is read or not")]
struct TaskChanged {
    task_id: Uuid,
    version: u32,
    at: String,
    reason: String,
}

impl BoxedEvent for TaskChanged {
    fn version(&self) -> u32 {
        self.version
    }

    fn reason(&self) -> &str {
        &self.reason
    }
}

#[inline]
fn text_now() -> String {
    time_now().format(&Rfc3339).unwrap_or_default()
}

fn text_millis(text: &str) -> i64 {
    OffsetDateTime::parse(text, &Rfc3339).map(millis).unwrap_or_default()
}

impl TextAndBoxes {
    #[inline]
    fn record(&mut self, reason: &str) {
        let event = TaskChanged {
            task_id: self.id,
            version: self.version,
            at: self.updated_at.clone(),
            reason: reason.to_owned(),
        };
        self.events.push(Box::new(event));
    }
}

impl Task for TextAndBoxes {
    const VARIANT: &'static str = "text_and_boxes";

    #[inline]
    fn create(id: Uuid) -> Self {
        let now = text_now();
        let mut task = Self { id, done: false, created_at: now.clone(), updated_at: now, version: 1, events: vec![] };
        task.record("");
        task
    }

    #[inline]
    fn state(&self) -> (Uuid, bool) {
        (self.id, self.done)
    }

    #[inline]
    fn complete(&mut self) {
        self.done = true;
        self.updated_at = text_now();
        self.version += 1;
        self.record("completed");
    }

    #[inline]
    fn times(&self) -> (i64, i64) {
        (text_millis(&self.created_at), text_millis(&self.updated_at))
    }

    #[inline]
    fn drain(&mut self, mut take: impl FnMut(u64, &str)) {
        for event in std::mem::take(&mut self.events) {
            take(u64::from(event.version()), event.reason());
        }
    }
}

/// Asserts that this way does what it claims, once, before it is measured.
///
/// # Panics
///
/// If it does not.
pub fn assert_answer<T: Task>(keeps_events: bool) {
    let before = clock_read();
    let mut task = T::create(Uuid::from_u128(1));
    let (created, updated) = task.times();
    assert_eq!(created, updated, "{}: a new entity has equal times", T::VARIANT);
    assert!(created >= before, "{}: created in the past", T::VARIANT);
    task.complete();
    assert!(task.times().1 >= updated, "{}: went back", T::VARIANT);
    assert_eq!(task.state(), (Uuid::from_u128(1), true), "{}: its fields", T::VARIANT);
    let mut events = vec![];
    task.drain(|version, reason| events.push((version, reason.to_owned())));
    let expected = [(1, String::new()), (2, "completed".to_owned())];
    assert_eq!(events, if keeps_events { &expected[..] } else { &[] }, "{}: its events", T::VARIANT);
    task.drain(|_, _| panic!("{}: an event was handed out twice", T::VARIANT));
}
