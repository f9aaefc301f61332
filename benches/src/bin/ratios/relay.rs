//! The relay.

use tempfile::TempDir;
use timestamp_benches::postgres::{self, Commit, Database};
use timestamp_benches::ratio::{Comparison, Goal, Ratio};
use timestamp_benches::relay::{Broker, Saving, Stored};
use timestamp_repo::{Sqlite, Store};
use tokio::runtime::{Builder, Runtime};

/// Four fifths of the rate.
const GOAL: Goal = Goal::AtMost(1.25);

/// What the relay may cost those who save.
const SAVERS: Goal = Goal::AtMost(1.1);

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
    for callers in [1, 32] {
        let file = |folder: &TempDir| runtime.block_on(Sqlite::open(folder.path().join("store.db"))).expect("a store");
        let (with, without) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        table.extend(savers(&runtime, callers, "SQLite", file(&with), file(&without)));
    }
    match postgres::server() {
        Some(server) => {
            for callers in [1, 32] {
                let [with, without] = [(), ()].map(|()| runtime.block_on(Database::new(&server, Commit::Durable)));
                let store = |database: &Database| runtime.block_on(database.store());
                table.extend(savers(&runtime, callers, "PostgreSQL", store(&with), store(&without)));
                runtime.block_on(async {
                    with.remove().await;
                    without.remove().await;
                });
            }
        }
        None => eprintln!("saves on PostgreSQL beside a relay are left out: TIMESTAMP_TEST_POSTGRES names no server"),
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

/// Callers who save at once, beside a relay that carries their events and without one.
fn savers<S: Store>(runtime: &Runtime, callers: i64, database: &str, with: S, without: S) -> Vec<Ratio> {
    let mut relayed = Saving::new(runtime, with, callers, true);
    let mut plain = Saving::new(runtime, without, callers, false);
    let comparison = Comparison::new().way(
        format!("{callers} callers who save durably on {database} while a relay carries their events"),
        SAVERS,
        Box::new(|| relayed.save(runtime)),
    );
    comparison.against("no relay runs", Box::new(|| plain.save(runtime)), 41)
}
