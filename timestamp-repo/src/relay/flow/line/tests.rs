use timestamp_core::{EpochMs, EventKind};
use uuid::Uuid;

use super::*;

fn event(seq: i64, entity_id: &str) -> Arc<StoredEvent> {
    Arc::new(StoredEvent {
        seq,
        id: Uuid::nil(),
        entity_type: "Task".into(),
        entity_id: entity_id.to_owned(),
        kind: EventKind::Updated,
        version: 1,
        reason: None,
        at: EpochMs::UNIX_EPOCH,
        recorded_at: EpochMs::UNIX_EPOCH,
        payload: "{}".to_owned(),
        tenant_id: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    })
}

fn place(seq: i64) -> Place {
    Place { window: None, seq }
}

/// Entities whose hashes are equal, as if they were: their events are in one lane.
fn crowded(entities: &[&str]) -> (Line, Vec<Ticket>) {
    let mut line = Line::default();
    let mut first = Vec::new();
    for (seq, entity) in (1..).zip(entities) {
        first.extend(line.push(Entry { lane: 7, ..Entry::read(event(seq, entity), place(seq), 0) }));
    }
    (line, first)
}

fn numbers(gone: &[Gone]) -> Vec<i64> {
    gone.iter().map(|gone| gone.event.seq).collect()
}

#[test]
fn events_of_another_entity_stay_in_a_lane_that_one_leaves() {
    let (mut line, first) = crowded(&["a", "b", "a", "b", "a", "b"]);
    assert_eq!(first, [0]);
    let (gone, next) = line.remove_entity(0).unwrap();
    assert_eq!((numbers(&gone), next), (vec![1, 3, 5], Some(1)));
    assert_eq!((line.open(), line.bytes()), (3, 6));
    assert_eq!(line.pass_done(), Some(place(1)));
    // One that comes now is the last of them.
    assert_eq!(line.push(Entry { lane: 7, ..Entry::read(event(7, "a"), place(7), 0) }), None);
    let mut order = Vec::new();
    let mut next = Some(1);
    while let Some(ticket) = next {
        let (gone, after) = line.remove(ticket).unwrap();
        order.push(gone.event.seq);
        next = after;
    }
    assert_eq!(order, [2, 4, 6, 7]);
    assert_eq!(line.pass_done(), Some(place(7)));
    assert!(line.is_empty() && line.lanes.is_empty());
    assert_eq!((line.open(), line.bytes()), (0, 0));
}

#[test]
fn a_lane_that_its_only_entity_leaves_is_free() {
    let (mut line, _) = crowded(&["a", "a"]);
    let (gone, next) = line.remove_entity(0).unwrap();
    assert_eq!((numbers(&gone), next), (vec![1, 2], None));
    assert_eq!(line.push(Entry { lane: 7, ..Entry::read(event(3, "b"), place(3), 0) }), Some(2));
}

#[test]
fn a_place_is_given_out_when_everything_before_it_is_done() {
    let mut line = Line::default();
    line.push(Entry::read(event(1, "a"), place(1), 0));
    line.push(Entry::read(event(2, "b"), place(2), 0));
    line.push(Entry::released(event(0, "c")));
    line.read_up_to(place(9));
    line.remove(1).unwrap();
    assert_eq!(line.pass_done(), None);
    line.remove(0).unwrap();
    assert_eq!(line.pass_done(), Some(place(2)));
    // The one that was released has no place of its own, and still holds up the one behind it.
    assert_eq!(line.pass_done(), None);
    line.remove(2).unwrap();
    assert_eq!(line.pass_done(), Some(place(9)));
}
