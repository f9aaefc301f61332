//! Many tasks at a handful of entities: nothing is lost, torn or stored twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use timestamp_core::{Clock, ManualClock, Timestamped};
use timestamp_repo::{CommitError, Repository, SaveError, Store, UpdateError};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::entities::{Task, assert_books_balance, open};
use super::harness::Harness;

const SLOTS: usize = 5;
const WORKERS: u64 = 12;
const FOR: Duration = Duration::from_millis(1_200);

/// What the workers know together: which entities there are, and how often each was incremented for certain.
#[derive(Default)]
struct Ledger {
    slots: [Uuid; SLOTS],
    increments: HashMap<Uuid, i64>,
}

struct Worker<S: Store> {
    store: S,
    tasks: Repository<Task, S>,
    clock: ManualClock,
    ledger: Arc<Mutex<Ledger>>,
    random: u64,
    done: u32,
    one_writer: bool,
}

impl<S: Store> Worker<S> {
    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % limit
    }

    /// Whether somebody else stood in the way. Where several can write, two that hold a row each may wait for each other,
    /// and one of them has to give way.
    fn gave_way(&self, error: &SaveError) -> bool {
        error.is_conflict() || (!self.one_writer && matches!(error, SaveError::Busy(_)))
    }

    fn pick(&mut self) -> (usize, Uuid) {
        let slot = self.below(SLOTS as u64) as usize;
        (slot, self.ledger.lock().unwrap().slots[slot])
    }

    fn incremented(&mut self, id: Uuid) {
        *self.ledger.lock().unwrap().increments.entry(id).or_default() += 1;
        self.done += 1;
    }

    async fn run(mut self) -> u32 {
        let begun = Instant::now();
        while begun.elapsed() < FOR {
            self.clock.advance(Duration::from_millis(1));
            match self.below(100) {
                0..45 => self.update().await,
                45..65 => self.unit().await,
                65..80 => self.save().await,
                80..86 => self.replace().await,
                86..92 => self.batch().await,
                92..96 => self.give_up().await,
                _ => self.touch_all().await,
            }
        }
        self.done
    }

    async fn update(&mut self) {
        let (_, id) = self.pick();
        match self.tasks.update(&id, Task::increment).await {
            Ok(_) => self.incremented(id),
            Err(UpdateError::NotFound) => {}
            Err(UpdateError::Save(error)) => assert!(self.gave_way(&error), "{error:?}"),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Two entities, each twice, and sometimes a change of mind.
    async fn unit(&mut self) {
        let ids = [self.pick().1, self.pick().1];
        let mut unit = self.store.begin().await.unwrap();
        let mut saved = Vec::new();
        for id in ids {
            let Some(mut task) = unit.find::<Task>(&id).await.unwrap() else { continue };
            task.increment();
            match unit.save(&mut task).await {
                Ok(()) => {
                    tokio::task::yield_now().await;
                    task.touch("looked at");
                    unit.save(&mut task).await.unwrap();
                    saved.push(task);
                }
                Err(error) => assert!(self.gave_way(&error), "{error:?}"),
            }
        }
        if self.below(4) == 0 {
            unit.rollback();
            assert!(saved.iter().all(|task| task.pending_events().len() == 2));
            return;
        }
        unit.commit().await.unwrap();
        for task in saved {
            assert_eq!(task.pending_events().len(), 0);
            self.incremented(task.id);
        }
    }

    async fn save(&mut self) {
        let (_, id) = self.pick();
        let Some(mut task) = self.tasks.find(&id).await.unwrap() else { return };
        tokio::task::yield_now().await;
        task.increment();
        match self.tasks.save(&mut task).await {
            Ok(()) => self.incremented(id),
            Err(error) => {
                assert!(self.gave_way(&error), "{error:?}");
                assert_eq!(task.pending_events().len(), 1);
            }
        }
    }

    /// Deletes an entity, and puts a new one in its place.
    async fn replace(&mut self) {
        let (slot, id) = self.pick();
        let Some(mut old) = self.tasks.find(&id).await.unwrap() else { return };
        match self.tasks.delete(&mut old, "replaced").await {
            Ok(()) => {
                let mut new = Task::new(&self.clock, "a");
                self.tasks.save(&mut new).await.unwrap();
                self.ledger.lock().unwrap().slots[slot] = new.id;
            }
            Err(error) => assert!(self.gave_way(&error), "{error:?}"),
        }
    }

    async fn batch(&mut self) {
        let ids = self.ledger.lock().unwrap().slots;
        let mut all = self.tasks.find_all(&ids).await.unwrap();
        all.iter_mut().for_each(Task::increment);
        match self.tasks.save_all(&mut all).await {
            Ok(()) => all.iter().for_each(|task| self.incremented(task.id)),
            Err(refused) => {
                assert!(self.gave_way(&refused.error), "{refused:?}");
                assert!(all.iter().all(|task| task.pending_events().len() == 1));
            }
        }
    }

    /// Drops a save at some moment; whatever became of it, the entity knows in the end.
    async fn give_up(&mut self) {
        let (_, id) = self.pick();
        let Some(mut task) = self.tasks.find(&id).await.unwrap() else { return };
        task.increment();
        let wait = Duration::from_micros(self.below(1_500));
        if let Ok(answer) = tokio::time::timeout(wait, self.tasks.save(&mut task)).await {
            assert!(answer.as_ref().err().is_none_or(|error| self.gave_way(error)), "{answer:?}");
            if answer.is_ok() {
                self.incremented(id);
            }
            return;
        }
        loop {
            match self.tasks.save(&mut task).await {
                Ok(()) => return self.incremented(id),
                Err(SaveError::InFlight) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(error) => {
                    assert!(self.gave_way(&error), "{error:?}");
                    return;
                }
            }
        }
    }

    async fn touch_all(&mut self) {
        let limit = self.below(50) as i64;
        if self.below(2) == 0 {
            let touched = self.tasks.touch_all("count >= ?", (limit,), "bulk").await;
            assert!(
                touched.is_ok() || (!self.one_writer && self.gave_way(touched.as_ref().unwrap_err())),
                "{touched:?}"
            );
            return;
        }
        let mut unit = self.store.begin().await.unwrap();
        let touched = unit.touch_all::<Task>("count >= ?", (limit,), "bulk").await;
        assert!(touched.is_ok() || (!self.one_writer && self.gave_way(touched.as_ref().unwrap_err())), "{touched:?}");
        let ended: Result<(), CommitError> = unit.commit().await;
        ended.unwrap();
    }
}

pub(crate) async fn many_tasks_at_a_few_entities_lose_nothing<H: Harness>(harness: &H) {
    let (store, tasks) = open(harness).await;
    let clock: ManualClock = harness.clock().clone();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    for slot in 0..SLOTS {
        let mut task = Task::new(&clock, "a");
        tasks.save(&mut task).await.unwrap();
        ledger.lock().unwrap().slots[slot] = task.id;
    }
    let mut workers = JoinSet::new();
    for number in 1..=WORKERS {
        let (store, tasks, clock, ledger) = (store.clone(), tasks.clone(), clock.clone(), Arc::clone(&ledger));
        let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        workers.spawn(Worker { store, tasks, clock, ledger, random, done: 0, one_writer: H::ONE_WRITER }.run());
    }
    let done: u32 = workers.join_all().await.into_iter().sum();
    assert!(done > 20, "it was too slow to prove anything: {done}");
    assert_books_balance(harness, &[("tasks", "Task")]).await;
    let ledger = ledger.lock().unwrap().increments.clone();
    for task in tasks.filter("1 = 1", ()).await.unwrap() {
        assert_eq!(task.count, ledger.get(&task.id).copied().unwrap_or(0), "an increment was lost, or made twice");
    }
}

/// A store and a second one on the same database, as another process would have it.
pub(crate) async fn two_stores_on_one_database_lose_nothing<H: Harness>(harness: &H) {
    let (_, tasks) = open(harness).await;
    let (_, others) = open(harness).await;
    let mut task = Task::new(harness.clock(), "a");
    tasks.save(&mut task).await.unwrap();
    let mut workers = JoinSet::new();
    for repository in [&tasks, &others, &tasks, &others] {
        let (repository, id, clock) = (repository.clone(), task.id, Clock::clone(harness.clock()));
        workers.spawn(async move {
            for _ in 0..15 {
                while let Err(error) = repository.update(&id, Task::increment).await {
                    assert!(matches!(error, UpdateError::Save(SaveError::Conflict)), "{error:?}");
                }
                repository.save(&mut Task::new(&clock, "b")).await.unwrap();
            }
        });
    }
    workers.join_all().await;
    assert_eq!(others.find(&task.id).await.unwrap().unwrap().count, 60);
    assert_eq!(harness.rows("tasks").await.len(), 61);
    assert_books_balance(harness, &[("tasks", "Task")]).await;
}
