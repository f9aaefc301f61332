//! Saving and loading on PostgreSQL: by the repository, and by hand with statements that write the same two rows.
//!
//! It isolates what the framework adds to a save, and what it takes off where callers save at once. Ids are
//! `postgres/<operation>/<way>`. The server is the one that `TIMESTAMP_TEST_POSTGRES` names; without it, this bench says
//! so and measures nothing: `scripts/services run -- cargo bench -p timestamp-benches --bench postgres`. To compare two
//! branches: `-- --save-baseline main` on one, `-- --baseline main` on the other. To compare the ways, use the `ratios`
//! program, which runs them in turns.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use timestamp_benches::postgres::{Bench, ByHand, Commit, Ours, Way, server};
use tokio::runtime::{Builder, Runtime};

fn all(criterion: &mut Criterion) {
    let Some(server) = server() else {
        eprintln!("postgres: skipped, since TIMESTAMP_TEST_POSTGRES names no server; see scripts/services");
        return;
    };
    way::<Ours>(criterion, &server);
    way::<ByHand>(criterion, &server);
}

fn way<W: Way>(criterion: &mut Criterion, server: &str) {
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for (name, commit) in [("asynchronous", Commit::Asynchronous), ("durable", Commit::Durable)] {
        let mut bench = one.block_on(Bench::<W>::new(server, commit, 1));
        criterion.bench_function(&format!("postgres/save_{name}/{}", W::NAME), |bencher| {
            bencher.iter(|| one.block_on(bench.save_alone(0, 1)));
        });
        one.block_on(bench.end());
    }
    for callers in [32, 256] {
        let mut bench = many.block_on(Bench::<W>::new(server, Commit::Durable, callers));
        criterion.bench_function(&format!("postgres/save_{callers}_at_once/{}", W::NAME), |bencher| {
            bencher.iter(|| many.block_on(bench.save_at_once(1)));
        });
        many.block_on(bench.end());
    }
    let bench = many.block_on(Bench::<W>::new(server, Commit::Durable, 1_000));
    criterion.bench_function(&format!("postgres/find_32_at_once/{}", W::NAME), |bencher| {
        bencher.iter(|| many.block_on(bench.find_at_once(32, 1, 0)));
    });
    many.block_on(bench.end());
    batch::<W>(criterion, &one, server);
}

fn batch<W: Way>(criterion: &mut Criterion, runtime: &Runtime, server: &str) {
    const COUNT: i64 = 1_000;

    let bench = runtime.block_on(Bench::<W>::new(server, Commit::Durable, 0));
    let once = || {
        let mut tasks: Vec<W::Task> = (0..COUNT).map(W::task).collect();
        let start = Instant::now();
        runtime.block_on(bench.save_all(&mut tasks));
        let elapsed = start.elapsed();
        runtime.block_on(async {
            bench.database().assert_rows(COUNT).await;
            bench.database().empty().await;
        });
        elapsed
    };
    let mut group = criterion.benchmark_group("postgres/save_all_1000");
    group.sample_size(10);
    group.bench_function(W::NAME, |bencher| {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| once()).sum::<Duration>());
    });
    group.finish();
    runtime.block_on(bench.end());
}

criterion_group!(benches, all);
criterion_main!(benches);
