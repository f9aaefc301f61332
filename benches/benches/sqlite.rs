//! Saving and loading on SQLite: by the repository, and by hand with cached statements that write the same two rows.
//!
//! It isolates what the framework adds to a save: encoding, conditions, the event's id and payload, and for 32 callers
//! the way to the thread that commits groups. Ids are `sqlite/<operation>/<way>`. To compare two branches:
//! `cargo bench -p timestamp-benches --bench sqlite -- --save-baseline main` on one, `-- --baseline main` on the other.
//! To compare the ways, use the `ratios` program, which runs them in turns.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use timestamp_benches::sqlite::Database;
use timestamp_benches::task::{Task, TaskByHand};
use timestamp_core::Timestamped;
use timestamp_repo::Durability;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn save(criterion: &mut Criterion) {
    let runtime = runtime();
    for (name, durability) in [("normal", Durability::Normal), ("full", Durability::Full)] {
        let database = runtime.block_on(Database::new());
        let (_store, tasks) = runtime.block_on(database.store(durability));
        let mut task = Task::new(1);
        runtime.block_on(tasks.save(&mut task)).expect("a save");
        criterion.bench_function(&format!("sqlite/save_{name}/repository"), |bencher| {
            bencher.iter(|| {
                task.toggle();
                runtime.block_on(tasks.save(&mut task)).expect("a save");
            });
        });
        database.assert_rows(1);

        let database = runtime.block_on(Database::new());
        let by_hand = database.by_hand(durability, 1_000);
        let mut task = TaskByHand::new(1);
        by_hand.save(&mut task);
        criterion.bench_function(&format!("sqlite/save_{name}/by_hand"), |bencher| {
            bencher.iter(|| {
                task.toggle();
                by_hand.save(&mut task);
            });
        });
        database.assert_rows(1);
    }
}

fn find(criterion: &mut Criterion) {
    let runtime = runtime();
    let database = runtime.block_on(Database::new());
    let (_store, tasks) = runtime.block_on(database.store(Durability::Normal));
    let mut saved: Vec<Task> = (0..1_000).map(Task::new).collect();
    runtime.block_on(tasks.save_all(&mut saved)).expect("a batch");
    let by_hand = database.by_hand(Durability::Normal, 1_000);
    let mut step = 0;
    let mut next = || {
        step = (step + 379) % saved.len();
        &saved[step]
    };
    criterion.bench_function("sqlite/find/repository", |bencher| {
        bencher.iter(|| {
            let task = next();
            let found = runtime.block_on(tasks.find(task.id())).expect("a read").expect("a task");
            assert_eq!(found.priority(), task.priority());
        });
    });
    criterion.bench_function("sqlite/find/by_hand", |bencher| {
        bencher.iter(|| {
            let task = next();
            assert_eq!(by_hand.find(*task.id()).priority(), task.priority());
        });
    });
}

fn batch(criterion: &mut Criterion) {
    const COUNT: i64 = 1_000;

    let runtime = runtime();
    let mut group = criterion.benchmark_group("sqlite/save_all_1000");
    group.sample_size(20);
    group.bench_function("repository", |bencher| {
        let open = || {
            let database = runtime.block_on(Database::new());
            let tasks: Vec<Task> = (0..COUNT).map(Task::new).collect();
            (runtime.block_on(database.store(Durability::Normal)), database, tasks)
        };
        bencher.iter_batched(
            open,
            |((store, repository), database, mut tasks)| {
                runtime.block_on(repository.save_all(&mut tasks)).expect("a batch");
                (store, repository, database, tasks)
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("by_hand", |bencher| {
        let open = || {
            let database = runtime.block_on(Database::new());
            let tasks: Vec<TaskByHand> = (0..COUNT).map(TaskByHand::new).collect();
            (database.by_hand(Durability::Normal, 0), database, tasks)
        };
        bencher.iter_batched(
            open,
            |(by_hand, database, mut tasks)| {
                by_hand.begin();
                tasks.iter_mut().for_each(|task| by_hand.write(task));
                by_hand.commit();
                (by_hand, database, tasks)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, save, find, batch);
criterion_main!(benches);
