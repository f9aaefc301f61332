use timestamp_core::{Timestamped, Timestamps};

#[derive(Timestamped)]
struct Task {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

#[derive(Timestamped)]
#[timestamped(entity = "billing.invoice")]
struct Invoice {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

#[test]
fn entity_is_named_after_its_struct() {
    assert_eq!(Task::ENTITY_TYPE, "Task");
    let task = Task::create(|timestamps| Task { id: 7, timestamps }).unwrap();
    let event = task.pending_events().next().unwrap();
    assert_eq!((event.entity_type(), event.entity_id().to_string().as_str()), ("Task", "7"));
}

#[test]
fn entity_key_names_it_otherwise() {
    assert_eq!(Invoice::ENTITY_TYPE, "billing.invoice");
    let invoice = Invoice::create(|timestamps| Invoice { id: 7, timestamps }).unwrap();
    assert_eq!(invoice.pending_events().next().unwrap().entity_type(), "billing.invoice");
}
