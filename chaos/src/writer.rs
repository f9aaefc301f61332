//! The writer: saves alone and in units, drops futures, ignores errors, and notes all of it in its ledger.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use timestamp_core::{Clock, Timestamped as _};
use timestamp_repo::{CommitError, Repository, SaveError};
use tokio::sync::watch;
use uuid::Uuid;

use crate::clock::MovedClock;
use crate::database::{Database, Failed, patiently};
use crate::database_faults::REFUSAL;
use crate::entities::Task;
use crate::ledger::{End, Event, Ledger};
use crate::random::Random;
use crate::role;

/// Entities that every writer wants to change.
const SHARED: usize = 8;

/// Entities of its own that a hand goes on changing.
const OWN: usize = 20;

/// Hands of one writer that work at the same time.
const HANDS: u64 = 4;

/// How often a save that did not get through is tried again.
const TRIES: usize = 12;

#[derive(clap::Args, Debug)]
pub(crate) struct Writer {
    #[arg(long)]
    url: String,
    #[arg(long)]
    name: String,
    #[arg(long)]
    seed: u64,
    /// The seed of the run, from which all writers draw the entities that they share.
    #[arg(long)]
    run_seed: u64,
    #[arg(long)]
    ledger: PathBuf,
    #[command(flatten)]
    clock: MovedClock,
}

impl Writer {
    pub(crate) async fn run<S: Database>(self) -> Result<(), Failed> {
        let ledger = Arc::new(Ledger::create(&self.ledger, &self.name, self.clock.is_behind())?);
        let clock = self.clock.start();
        let store = S::open(&self.url, &clock).await?;
        let tasks = patiently(|| store.repository::<Task>()).await?;
        let mut of_the_run = Random::new(self.run_seed);
        let shared: Vec<Uuid> = (0..SHARED).map(|_| of_the_run.uuid()).collect();
        let stop = role::stopped();
        let hands: Vec<_> = (0..HANDS)
            .map(|number| {
                let hand = Hand {
                    store: store.clone(),
                    tasks: tasks.clone(),
                    clock: clock.clone(),
                    ledger: Arc::clone(&ledger),
                    random: Random::new(self.seed.wrapping_add(number)),
                    shared: shared.clone(),
                    own: Vec::new(),
                };
                tokio::spawn(hand.work(stop.clone()))
            })
            .collect();
        for hand in hands {
            hand.await??;
        }
        Ok(())
    }
}

struct Hand<S: Database> {
    store: S,
    tasks: Repository<Task, S>,
    clock: Clock,
    ledger: Arc<Ledger>,
    random: Random,
    shared: Vec<Uuid>,
    own: Vec<Uuid>,
}

/// An entity, and the events that are to be stored for it. They are counted here, and not asked of the entity: it is under
/// test.
struct Wish {
    task: Task,
    events: Vec<Event>,
    /// The reason of its deletion, if it is to be deleted.
    deletion: Option<String>,
}

impl Wish {
    fn change(&mut self, token: String) {
        let version = self.next_version();
        self.events.push(Event { id: *self.task.id(), version, token: token.clone() });
        self.task.change(token);
    }

    fn delete(&mut self, token: String) {
        let version = self.next_version();
        self.events.push(Event { id: *self.task.id(), version, token: token.clone() });
        self.deletion = Some(token);
    }

    fn next_version(&self) -> u64 {
        self.events.last().map_or(self.task.version(), |last| last.version) + 1
    }
}

impl From<Task> for Wish {
    fn from(task: Task) -> Self {
        Self { task, events: Vec::new(), deletion: None }
    }
}

impl<S: Database> Hand<S> {
    async fn work(mut self, stop: watch::Receiver<bool>) -> Result<(), Failed> {
        while !*stop.borrow() {
            match self.random.between(0, 20) {
                0..=3 => self.create().await?,
                4 => self.delete().await,
                5..=8 => self.unit().await,
                _ => self.update().await,
            }
            tokio::time::sleep(Duration::from_millis(self.random.between(2, 40))).await;
        }
        Ok(())
    }

    async fn create(&mut self) -> Result<(), Failed> {
        let shared = self.random.once_in(6);
        let drawn = self.random.pick(&self.shared).copied().filter(|_| shared);
        let id = drawn.unwrap_or_else(Uuid::now_v7);
        let token = self.ledger.token();
        let mut wish = Wish::from(Task::new(&self.clock, id, token.clone())?);
        wish.events = vec![Event { id, version: 1, token: String::new() }, Event { id, version: 2, token }];
        self.carry_out(&mut wish).await;
        if drawn.is_none() {
            self.own.push(id);
            if self.own.len() > OWN {
                self.own.remove(0);
            }
        }
        Ok(())
    }

    /// An entity that is there, or may be.
    fn some_id(&mut self) -> Option<Uuid> {
        let shared = self.own.is_empty() || self.random.once_in(3);
        let ids = if shared { &self.shared } else { &self.own };
        self.random.pick(ids).copied()
    }

    async fn update(&mut self) {
        let Some(id) = self.some_id() else { return };
        // A database that is away answers again later.
        let Ok(Some(task)) = self.tasks.find(&id).await else { return };
        let mut wish = Wish::from(task);
        for _ in 0..self.random.between(1, 4) {
            wish.change(self.ledger.token());
        }
        self.carry_out(&mut wish).await;
    }

    async fn delete(&mut self) {
        let Some(id) = self.random.pick(&self.own).copied() else { return };
        let Ok(Some(task)) = self.tasks.find(&id).await else { return };
        self.own.retain(|own| *own != id);
        let mut wish = Wish::from(task);
        wish.delete(self.ledger.token());
        self.carry_out(&mut wish).await;
    }

    /// Saves or deletes until it is done, refused, or given up.
    async fn carry_out(&mut self, wish: &mut Wish) {
        let mut attempts = Vec::new();
        for _ in 0..TRIES {
            let attempt = self.ledger.attempt(0, &wish.events);
            attempts.push(attempt);
            let work = async {
                match &wish.deletion {
                    None => self.tasks.save(&mut wish.task).await,
                    Some(token) => self.tasks.delete(&mut wish.task, token.clone()).await,
                }
            };
            let answer = if self.random.once_in(8) {
                let patience = Duration::from_micros(self.random.between(0, 6_000));
                tokio::time::timeout(patience, work).await.ok()
            } else {
                Some(work.await)
            };
            let Some(answer) = answer else {
                self.ledger.end(&[attempt], End::Dropped, "");
                continue;
            };
            match answer {
                // Also what was tried before, and is not pending any more.
                Ok(()) => return self.ledger.end(&attempts, End::Acknowledged, ""),
                Err(error) => {
                    let end = end_of(&error);
                    self.ledger.end(&[attempt], end, &error.to_string());
                    match error {
                        SaveError::OutcomeUnknown if self.random.once_in(2) => {
                            let is_stored = self.resolve(&mut wish.task, attempt).await;
                            // Where it is not, leaving it at that shows whether it stays so.
                            if is_stored || self.random.once_in(2) {
                                return;
                            }
                        }
                        error if error.is_retryable() || matches!(error, SaveError::Backend(_)) => {}
                        _ => return,
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(self.random.between(5, 200))).await;
        }
    }

    /// Asks what became of it. Returns whether there is nothing left to do.
    async fn resolve(&mut self, task: &mut Task, attempt: u64) -> bool {
        match self.tasks.resolve(task).await {
            Ok(true) => {
                self.ledger.end(&[attempt], End::ResolvedStored, "");
                true
            }
            Ok(false) => {
                self.ledger.end(&[attempt], End::ResolvedNotStored, "");
                false
            }
            Err(_) => false,
        }
    }

    /// Saves several entities in a unit, which may be slow, may meet an error of its own that nobody looks at, and may be
    /// rolled back or dropped.
    async fn unit(&mut self) {
        let Ok(mut unit) = self.store.begin().await else { return };
        let number = self.ledger.number();
        let is_slow = self.random.once_in(8);
        let (mut saved, mut attempts) = (Vec::new(), Vec::new());
        let mut met = HashSet::new();
        for _ in 0..self.random.between(2, 5) {
            let Some(id) = self.some_id().filter(|id| met.insert(*id)) else { continue };
            let mut wish = match unit.find::<Task>(&id).await {
                Ok(Some(task)) => Wish::from(task),
                Ok(None) => continue,
                Err(_) => break,
            };
            wish.change(self.ledger.token());
            let attempt = self.ledger.attempt(number, &wish.events);
            match unit.save(&mut wish.task).await {
                Ok(()) => {
                    attempts.push(attempt);
                    saved.push(wish);
                }
                Err(error) => {
                    let end = end_of(&error);
                    self.ledger.end(&[attempt], end, &error.to_string());
                    if !error.is_conflict() {
                        drop(unit);
                        self.ledger.end(&attempts, End::NotStored, "the unit was given up");
                        return;
                    }
                }
            }
            if is_slow {
                tokio::time::sleep(Duration::from_millis(self.random.between(20, 250))).await;
            }
        }
        if self.random.once_in(10) {
            S::ignore_an_error(&mut unit).await;
        }
        if self.random.once_in(10) {
            unit.rollback();
            self.ledger.end(&attempts, End::NotStored, "rolled back");
        } else {
            let commit = unit.commit();
            let answer = if self.random.once_in(10) {
                tokio::time::timeout(Duration::from_micros(self.random.between(0, 4_000)), commit).await.ok()
            } else {
                Some(commit.await)
            };
            let (end, said) = match answer {
                None => (End::Dropped, String::new()),
                Some(Ok(())) => (End::Acknowledged, String::new()),
                Some(Err(error @ CommitError::OutcomeUnknown)) => (End::Unknown, error.to_string()),
                Some(Err(error @ (CommitError::RolledBack | CommitError::Backend(_)))) => {
                    (End::NotStored, error.to_string())
                }
                Some(Err(error)) => (End::Wrong, error.to_string()),
            };
            self.ledger.end(&attempts, end, &said);
            if end == End::Acknowledged {
                return;
            }
        }
        // Whatever became of the unit, its entities know, and can be saved again.
        if self.random.once_in(2) {
            for wish in &mut saved {
                self.carry_out(wish).await;
            }
        }
    }
}

fn end_of(error: &SaveError) -> End {
    match error {
        SaveError::OutcomeUnknown => End::Unknown,
        SaveError::Constraint { name } if name == REFUSAL => End::NotStored,
        SaveError::Conflict
        | SaveError::AlreadyExists
        | SaveError::InFlight
        | SaveError::Busy(_)
        | SaveError::Backend(_) => End::NotStored,
        _ => End::Wrong,
    }
}
