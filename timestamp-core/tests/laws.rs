//! The laws that hold without a database, each by its name. `docs/design.md` lists them all.
#![cfg(feature = "derive")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on says so by a panic")]

use std::time::Duration;

use serde::Serialize;
use serde::ser::Serializer;
use timestamp_core::{Clock, EpochMs, EventKind, ManualClock, Timestamped, Timestamps, ValidationError};

#[derive(Debug, Clone, Timestamped)]
#[timestamped(validate = Self::check)]
struct Invoice {
    #[timestamped(id)]
    number: u64,
    cents: i64,
    payer: String,
    timestamps: Timestamps,
}

impl Invoice {
    fn at(clock: &Clock) -> Self {
        Self::try_at(clock, 100, "Ada").unwrap()
    }

    fn try_at(clock: &Clock, cents: i64, payer: &str) -> Result<Self, ValidationError> {
        Self::create_with(clock, |timestamps| Self { number: 1, cents, payer: payer.into(), timestamps })
    }

    fn check(&self) -> Result<(), ValidationError> {
        let mut wrong = ValidationError::none();
        if self.cents < 0 {
            wrong.add("cents", "must not be negative");
        }
        if self.payer.is_empty() {
            wrong.add("payer", "must not be empty");
        }
        wrong.into_result()
    }
}

fn noon() -> ManualClock {
    Clock::manual("2026-01-31T12:00:00Z".parse().unwrap())
}

fn after(clock: &ManualClock, millis: u64) -> EpochMs {
    clock.advance(Duration::from_millis(millis));
    clock.now()
}

#[test]
fn law_1_created_at_never_changes_after_create() {
    let clock = noon();
    let created = clock.now();
    let mut invoice = Invoice::at(&clock);
    for step in 0..20 {
        // Forwards, backwards, standing still: nothing moves it.
        clock.set(EpochMs::from_millis((step % 3) * 1_000_000_000_000).unwrap());
        invoice.touch("paid");
        invoice.touch_with("paid", step).unwrap();
        assert_eq!(invoice.created_at(), created);
    }
    invoice.drain_events().commit();
    assert_eq!(invoice.created_at(), created);
}

#[test]
fn law_2_updated_at_changes_only_through_touch() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    let created = clock.now();
    clock.advance(Duration::from_secs(1));
    invoice.cents += 1;
    assert!(invoice.validate().is_ok());
    assert_eq!(invoice.pending_events().count(), 1);
    drop(invoice.drain_events());
    let copy = invoice.clone();
    invoice.drain_events().commit();
    assert_eq!((invoice.updated_at(), copy.updated_at()), (created, created));
    let touched = after(&clock, 1);
    invoice.touch("paid");
    assert_eq!(invoice.updated_at(), touched);
}

#[test]
fn law_2_updated_at_never_goes_back_even_when_the_clock_does() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    let latest = after(&clock, 500);
    invoice.touch("sent");
    clock.set(EpochMs::UNIX_EPOCH);
    invoice.touch("paid");
    assert_eq!(invoice.updated_at(), latest, "the clock went back by 56 years");
    let times: Vec<EpochMs> = invoice.pending_events().map(|event| event.at()).collect();
    assert!(times.is_sorted());
    clock.set(latest.saturating_add(Duration::from_millis(1)));
    invoice.touch("booked");
    assert_eq!(invoice.updated_at(), clock.now());
}

#[test]
fn law_3_every_create_and_touch_adds_exactly_one_event_and_version_counts_them() {
    let mut invoice = Invoice::at(&noon());
    assert_eq!((invoice.version(), invoice.pending_events().len()), (1, 1));
    invoice.touch("sent");
    assert_eq!((invoice.version(), invoice.pending_events().len()), (2, 2));
    invoice.touch_with("paid", "by card").unwrap();
    invoice.touch(String::from("booked"));
    assert_eq!((invoice.version(), invoice.pending_events().len()), (4, 4));
    invoice.drain_events().commit();
    assert_eq!((invoice.version(), invoice.pending_events().len()), (4, 0));
    invoice.touch("reminded");
    assert_eq!((invoice.version(), invoice.pending_events().len()), (5, 1));
    assert_eq!(invoice.pending_events().next().unwrap().version(), 5);
}

#[test]
fn law_3_updated_at_and_version_order_the_events_totally() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    for step in 0..50_u64 {
        if step % 3 == 0 {
            clock.advance(Duration::from_millis(step % 2));
        }
        invoice.touch("changed");
    }
    let keys: Vec<_> = invoice.pending_events().map(|event| (event.at(), event.version())).collect();
    assert!(keys.is_sorted_by(|left, right| left < right));
}

#[test]
fn law_5_drain_that_is_dropped_keeps_the_events() {
    let mut invoice = Invoice::at(&noon());
    invoice.touch("sent");
    let drain = invoice.drain_events();
    assert_eq!(drain.events().len(), 2);
    drop(drain);
    assert_eq!(invoice.pending_events().len(), 2);
}

#[test]
fn law_5_drain_that_is_committed_forgets_the_events_and_nothing_else() {
    let mut invoice = Invoice::at(&noon());
    invoice.touch("sent");
    let (updated, version) = (invoice.updated_at(), invoice.version());
    let drain = invoice.drain_events();
    let reasons: Vec<Option<&str>> = drain.events().map(|event| event.reason()).collect();
    assert_eq!(reasons, [None, Some("sent")]);
    drain.commit();
    assert_eq!(invoice.pending_events().len(), 0);
    assert_eq!((invoice.updated_at(), invoice.version()), (updated, version));
    assert_eq!(invoice.drain_events().events().len(), 0);
}

#[test]
fn law_10_invalid_entity_is_not_created_and_every_broken_field_is_named() {
    let error = Invoice::try_at(&noon(), -5, "").unwrap_err();
    assert_eq!(error.to_string(), "cents: must not be negative; payer: must not be empty");
    assert_eq!(error.fields().map(|(field, _)| field).collect::<Vec<_>>(), ["cents", "payer"]);
    assert!(!error.to_string().contains("-5"));
}

#[test]
fn law_10_entity_that_became_invalid_says_so() {
    let mut invoice = Invoice::at(&noon());
    invoice.cents = -1;
    invoice.touch("broken");
    assert_eq!(invoice.validate().unwrap_err().to_string(), "cents: must not be negative");
}

#[test]
fn new_entity_has_equal_times_and_its_event_carries_the_same_instant() {
    // The system clock: two readings would differ sooner or later.
    for _ in 0..10_000 {
        let invoice = Invoice::at(&Clock::system());
        assert_eq!(invoice.created_at(), invoice.updated_at());
        let mut events = invoice.pending_events();
        let event = events.next().unwrap();
        assert_eq!((event.kind(), event.at(), event.version()), (EventKind::Created, invoice.created_at(), 1));
        assert_eq!((event.reason(), event.previous_updated_at(), event.payload()), (None, None, None));
        assert!(events.next().is_none());
    }
}

#[test]
fn touch_says_when_why_and_what_was_before() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    let created = clock.now();
    let touched = after(&clock, 250);
    invoice.touch("sent");
    let event = invoice.pending_events().nth(1).unwrap();
    assert_eq!((event.kind(), event.reason()), (EventKind::Updated, Some("sent")));
    assert_eq!((event.at(), event.previous_updated_at()), (touched, Some(created)));
    assert_eq!((event.entity_type(), event.entity_id().to_string()), ("Invoice", "1".into()));
}

/// JSON refuses what serializes itself as an error.
struct NotJson;

impl Serialize for NotJson {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no JSON for this"))
    }
}

#[test]
fn touch_with_a_payload_that_fails_changes_nothing() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    invoice.touch("sent");
    let before = (invoice.timestamps.clone(), invoice.pending_events().len());
    clock.advance(Duration::from_secs(1));
    let error = invoice.touch_with("paid", NotJson).unwrap_err();
    assert_eq!(error.to_string(), "the payload can not be serialized as JSON");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no JSON for this");
    assert_eq!((invoice.timestamps.clone(), invoice.pending_events().len()), before);
    invoice.touch_with("paid", [1, 2]).unwrap();
    assert_eq!(invoice.pending_events().nth(2).unwrap().payload(), Some("[1,2]"));
}

#[test]
fn entity_keeps_the_clock_it_was_created_with() {
    let (ours, theirs) = (noon(), Clock::manual(EpochMs::UNIX_EPOCH));
    let mut invoice = Invoice::at(&ours);
    theirs.advance(Duration::from_secs(1));
    let touched = after(&ours, 1);
    invoice.touch("sent");
    assert_eq!(invoice.updated_at(), touched);
}

#[test]
fn clock_at_the_end_of_time_saturates() {
    let clock = Clock::manual(EpochMs::MAX);
    let mut invoice = Invoice::at(&clock);
    clock.advance(Duration::MAX);
    invoice.touch("sent");
    assert_eq!((invoice.updated_at(), invoice.version()), (EpochMs::MAX, 2));
    assert_eq!(clock.now(), EpochMs::MAX);
    clock.set(EpochMs::MIN);
    assert_eq!(Invoice::at(&clock).created_at(), EpochMs::MIN);
}

#[test]
fn thousand_touches_are_a_thousand_events() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    for step in 0..1000_u32 {
        clock.advance(Duration::from_millis(1));
        invoice.touch(format!("step {step}"));
    }
    assert_eq!((invoice.version(), invoice.pending_events().len()), (1001, 1001));
    let mut previous = invoice.created_at();
    for (step, event) in invoice.pending_events().skip(1).enumerate() {
        assert_eq!(event.reason(), Some(&*format!("step {step}")));
        assert_eq!(event.previous_updated_at(), Some(previous));
        previous = event.at();
    }
    assert_eq!(previous, invoice.updated_at());
}

#[test]
fn timestamps_serialize_as_three_flat_fields() {
    #[derive(Serialize)]
    struct Row<'a> {
        number: u64,
        #[serde(flatten)]
        timestamps: &'a Timestamps,
    }
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    clock.advance(Duration::from_millis(7));
    invoice.touch("sent");
    let row = serde_json::to_string(&Row { number: invoice.number, timestamps: &invoice.timestamps }).unwrap();
    let expected =
        r#"{"number":1,"created_at":"2026-01-31T12:00:00.000Z","updated_at":"2026-01-31T12:00:00.007Z","version":2}"#;
    assert_eq!(row, expected);
}

#[test]
fn timestamps_are_equal_if_both_times_and_the_version_are() {
    let clock = noon();
    let (left, mut right) = (Invoice::at(&clock), Invoice::at(&clock));
    assert_eq!(left.timestamps, right.timestamps);
    right.drain_events().commit();
    assert_eq!(left.timestamps, right.timestamps, "what is pending does not count");
    right.touch("sent");
    assert_ne!(left.timestamps, right.timestamps, "the version does, at the same time");
    clock.advance(Duration::from_millis(1));
    assert_ne!(left.timestamps, Invoice::at(&clock).timestamps);
}

#[test]
fn timestamps_show_times_version_and_what_is_pending() {
    let mut invoice = Invoice::at(&noon());
    invoice.touch("sent");
    let expected = "Timestamps { created_at: 2026-01-31T12:00:00.000Z, updated_at: 2026-01-31T12:00:00.000Z, \
                    version: 2, pending: 2, .. }";
    assert_eq!(format!("{:?}", invoice.timestamps), expected);
}

#[test]
fn event_serializes_with_the_names_of_its_methods() {
    let clock = noon();
    let mut invoice = Invoice::at(&clock);
    clock.advance(Duration::from_millis(1));
    invoice.touch_with("paid", serde_json::json!({ "cents": 100 })).unwrap();
    let events = serde_json::to_value(invoice.pending_events().collect::<Vec<_>>()).unwrap();
    let expected = serde_json::json!([
        {
            "kind": "created", "entity_type": "Invoice", "entity_id": "1", "version": 1, "reason": null,
            "at": "2026-01-31T12:00:00.000Z", "previous_updated_at": null, "payload": null,
        },
        {
            "kind": "updated", "entity_type": "Invoice", "entity_id": "1", "version": 2, "reason": "paid",
            "at": "2026-01-31T12:00:00.001Z", "previous_updated_at": "2026-01-31T12:00:00.000Z",
            "payload": { "cents": 100 },
        },
    ]);
    assert_eq!(events, expected);
}
