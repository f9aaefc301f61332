//! The relay.

use timestamp_benches::ratio::{Comparison, Goal, Ratio};
use timestamp_benches::relay::{Broker, Stored};
use tokio::runtime::Builder;

/// Four fifths of the rate.
const GOAL: Goal = Goal::AtMost(1.25);

/// Messages of a round.
const MESSAGES: u64 = 10_000;

pub(crate) fn ratios() -> Vec<Ratio> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut table = Vec::new();
    for (events, rounds) in [(10_000, 21), (100_000, 9), (1_000_000, 3)] {
        let stored = Stored::new(&runtime, events);
        let comparison = Comparison::new().way(
            format!("relay {events} events of many entities to a function"),
            GOAL,
            Box::new(|| stored.relay_to_a_function(&runtime)),
        );
        table.extend(comparison.against("read the table by hand in pages", Box::new(|| stored.read_by_hand()), rounds));
    }
    let Some(broker) = Broker::connect(&runtime) else {
        eprintln!("the relay to NATS is left out: TIMESTAMP_TEST_NATS names no server, see scripts/services");
        return table;
    };
    let stored = Stored::new(&runtime, MESSAGES);
    let comparison = Comparison::new().way(
        "relay to NATS, events of many entities",
        GOAL,
        Box::new(|| stored.relay_to_nats(&runtime, &broker)),
    );
    let by_hand = "publish the same by hand, same window";
    table.extend(comparison.against(by_hand, Box::new(|| stored.publish_by_hand(&runtime, &broker)), 15));
    table
}
