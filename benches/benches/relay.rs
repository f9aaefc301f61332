//! Carrying stored events out of SQLite: by the relay, and by hand.
//!
//! It isolates what the relay adds to reading the table, and to publishing with the client of NATS. Ids are
//! `relay/<where to>/<way>`; one iteration is all events. NATS is the server that `TIMESTAMP_TEST_NATS` names; without it,
//! that part is left out: `scripts/services run --only nats -- cargo bench -p timestamp-benches --bench relay`. To compare
//! two branches: `-- --save-baseline main` on one, `-- --baseline main` on the other. To compare the ways, use the
//! `ratios` program, which runs them in turns.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use timestamp_benches::relay::{Broker, Stored};
use tokio::runtime::Builder;

/// Events that are carried at a time.
const EVENTS: u64 = 2_000;

fn all(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let stored = Stored::new(&runtime, EVENTS);
    measure(criterion, "relay/function/ours", || stored.relay_to_a_function(&runtime));
    measure(criterion, "relay/function/by_hand", || stored.read_by_hand());
    let Some(broker) = Broker::connect(&runtime) else {
        eprintln!("relay/nats: skipped, since TIMESTAMP_TEST_NATS names no server; see scripts/services");
        return;
    };
    measure(criterion, "relay/nats/ours", || stored.relay_to_nats(&runtime, &broker));
    measure(criterion, "relay/nats/by_hand", || stored.publish_by_hand(&runtime, &broker));
}

fn measure(criterion: &mut Criterion, id: &str, mut carry: impl FnMut() -> (Duration, u32)) {
    criterion.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| carry().0).sum());
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
