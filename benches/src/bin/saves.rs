//! Saves one task after the other on PostgreSQL, by one of the ways, and does nothing else: for `scripts/instructions`,
//! which counts what client and server do for it.

use std::process::ExitCode;

use timestamp_benches::postgres::{Bench, ByHand, Commit, Ours, Way, server};
use tokio::runtime::Builder;

/// Rows in the table.
const ROWS: i64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(server), [way, count]) = (server(), &*arguments) else { return usage() };
    let Ok(count) = count.parse() else { return usage() };
    match &**way {
        Ours::NAME => save::<Ours>(&server, count),
        ByHand::NAME => save::<ByHand>(&server, count),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("saves: give `repository` or `by_hand`, and how many; TIMESTAMP_TEST_POSTGRES names the server");
    ExitCode::from(2)
}

fn save<W: Way>(server: &str, count: usize) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut bench = Bench::<W>::new(server, Commit::Asynchronous, ROWS).await;
        bench.save_alone(0, count).await;
        bench.end().await;
    });
}
