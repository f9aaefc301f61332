//! Concurrent lone saves, grouped into one statement over arrays.
//!
//! A group makes one promise: nobody is worse off for having gone with others. Its members are stored by one statement
//! and one commit, and yet each has an answer and an outcome of its own.
//!
//! # How a save travels
//!
//! 1. A save that is nearly alone goes alone: one round trip, on the caller's task.
//! 2. Any other waits in the [queue](super::queue) of its table and operation, and goes with the next group.
//! 3. The group is written by one [`statement`], which says whose rows it wrote. Those are stored.
//! 4. Everybody else goes alone after all, on a connection of their own: those whose row somebody has locked, or changed,
//!    or whose row a trigger left out. So does the whole group if the statement failed, since a failed statement has
//!    written nothing; one bad save fails by itself then, and its neighbours are stored.
//! 5. If the answer is lost, the outcome of every member is unknown.
//!
//! # Not here
//!
//! Deletes, which are rare; saves of which an earlier attempt may be stored, or still be on its way; saves while a test
//! has a fault armed. They go alone.

mod rest;
mod statement;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::{Record, Value};
use tokio::sync::oneshot;
use tokio_postgres::error::SqlState;

use self::rest::Rest;
pub(super) use self::statement::element;
use self::statement::{PATIENCE, Statements, parameters};
use super::failure::{Failure, Refusal};
use super::finish::Finishing;
use super::queue::{Alone, Carrier, Member, Queue};
use super::row::get;
use super::store::Postgres;
use super::table::Table;
use super::write::{self, Job};
use crate::error::{BackendError, SaveError};
use crate::save::{Operation, Written};
use crate::testing::point;

/// The groups of one table.
pub(super) struct Groups {
    statements: Option<Statements>,
    inserts: Arc<Queue<Save>>,
    updates: Arc<Queue<Save>>,
    /// After the server did not take a statement for this table, whatever was saved.
    rest: Rest,
}

impl Groups {
    pub(super) fn of<E: Record>(store: &Postgres, table: &Table) -> Self {
        let patience = store.lock_timeout().min(PATIENCE);
        Self {
            statements: Statements::of::<E>(table, patience),
            inserts: Queue::new(),
            updates: Queue::new(),
            rest: Rest::default(),
        }
    }

    /// The queue for a job; none, if it goes alone in any case.
    fn queue(&self, store: &Postgres, job: &Job) -> Option<&Arc<Queue<Save>>> {
        let goes_alone = job.change.attempted
            || self.statements.is_none()
            || self.rest.is_on(Instant::now())
            || are_faults_armed(store);
        match job.change.operation {
            Operation::Insert if !goes_alone => Some(&self.inserts),
            Operation::Update if !goes_alone => Some(&self.updates),
            Operation::Insert | Operation::Update | Operation::Delete(_) => None,
        }
    }
}

#[cfg(feature = "test-util")]
fn are_faults_armed(store: &Postgres) -> bool {
    store.faults().are_armed()
}

#[cfg(not(feature = "test-util"))]
const fn are_faults_armed(_: &Postgres) -> bool {
    false
}

/// Writes one change in a transaction of its own or in that of a group, and decides its outcome.
pub(super) async fn write(
    store: &Postgres,
    groups: &Arc<Groups>,
    job: Job,
    outcome: &Arc<Outcome>,
) -> Result<Written, SaveError> {
    let lone = Lone { job, fate: Fate::of(outcome) };
    let Some(queue) = groups.queue(store, &lone.job) else { return go_alone(store, lone, None).await };
    if let Some(alone) = queue.alone() {
        return go_alone(store, lone, Some(alone)).await;
    }
    let (reply, answer) = oneshot::channel();
    let weight = weight(&lone.job);
    let carrying = || Carrying { store: store.clone(), groups: Arc::clone(groups) };
    let ticket = queue.push(Save { lone, weight, reply }, carrying);
    match queue.answer(ticket, answer, carrying).await {
        Some(Answer::Ended(answer)) => answer,
        Some(Answer::Alone(lone)) => go_alone(store, *lone, None).await,
        // A lane panicked, or was dropped with its runtime: nobody knows what became of its group.
        None => Err(SaveError::OutcomeUnknown),
    }
}

async fn go_alone(store: &Postgres, lone: Lone, alone: Option<Alone<Save>>) -> Result<Written, SaveError> {
    let session = store.writer().await?;
    let Lone { job, fate } = lone;
    let (store, outcome) = (store.clone(), fate.pass_on());
    Finishing::new(async move {
        let _alone = alone;
        write::write_alone(store, session, job, outcome).await
    })
    .await
}

/// A change that is not on its way.
struct Lone {
    job: Job,
    fate: Fate,
}

/// What becomes of an outcome whose owner goes away.
struct Fate {
    outcome: Option<Arc<Outcome>>,
    otherwise: OutcomeState,
}

impl Fate {
    /// Of a change that was not sent: nothing is stored.
    fn of(outcome: &Arc<Outcome>) -> Self {
        Self { outcome: Some(Arc::clone(outcome)), otherwise: OutcomeState::RolledBack }
    }

    fn decide(&self, state: OutcomeState) {
        if let Some(outcome) = &self.outcome {
            outcome.decide(state);
        }
    }

    /// Leaves the outcome to somebody else.
    fn pass_on(mut self) -> Arc<Outcome> {
        self.outcome.take().unwrap_or_else(Outcome::in_flight)
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        self.decide(self.otherwise);
    }
}

/// What a caller in the queue is told.
enum Answer {
    Ended(Result<Written, SaveError>),
    Alone(Box<Lone>),
}

/// A save in a queue or a group.
struct Save {
    lone: Lone,
    weight: usize,
    reply: oneshot::Sender<Answer>,
}

impl Save {
    fn end(self, state: OutcomeState, answer: Result<Written, SaveError>) {
        self.lone.fate.decide(state);
        // A caller that has gone away has an entity that looks at the outcome.
        let _ = self.reply.send(Answer::Ended(answer));
    }

    /// Whatever ended with an error and was not sent.
    fn fail(self, error: SaveError) {
        self.end(OutcomeState::RolledBack, Err(error));
    }
}

impl Member for Save {
    fn key(&self) -> Option<&str> {
        Some(&self.lone.job.change.entity_id)
    }

    fn weight(&self) -> usize {
        self.weight
    }

    fn hand_back(self) {
        let Self { mut lone, reply, .. } = self;
        lone.fate.otherwise = OutcomeState::RolledBack;
        // If the caller has gone away, nothing is stored, and the outcome says so.
        let _ = reply.send(Answer::Alone(Box::new(lone)));
    }
}

fn weight(job: &Job) -> usize {
    let values = job.values.iter().map(|value| match value {
        Value::Text(it) | Value::Json(it) => it.len(),
        Value::Blob(it) => it.len(),
        _ => 8,
    });
    values.chain(job.change.events.iter().map(|event| 128 + event.payload.len())).sum()
}

/// Carries the groups of one table.
#[derive(Clone)]
struct Carrying {
    store: Postgres,
    groups: Arc<Groups>,
}

impl Carrier for Carrying {
    type Member = Save;

    async fn carry(&self, mut group: Vec<Save>) {
        let (Some(statements), false) = (&self.groups.statements, are_faults_armed(&self.store)) else {
            return group.into_iter().for_each(Save::hand_back);
        };
        group.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        let updates = group.iter().any(|save| matches!(save.lone.job.change.operation, Operation::Update));
        let sql = if updates { &statements.update } else { &statements.insert };
        match self.write(sql, updates, &mut group).await {
            Ended::Written(stored) => {
                self.groups.rest.end();
                for save in group {
                    if save.key().is_some_and(|id| stored.iter().any(|stored| stored == id)) {
                        save.end(OutcomeState::Committed, Ok(Written::Now { digest: 0 }));
                    } else {
                        save.hand_back();
                    }
                }
            }
            Ended::Refused(refusal) => {
                if is_about_the_table(&refusal) && self.groups.rest.begin(Instant::now()) {
                    tracing::warn!(error = %refusal, "saves of a table can not be grouped, and go alone for now");
                }
                group.into_iter().for_each(Save::hand_back);
            }
            Ended::NotSent => group.into_iter().for_each(Save::hand_back),
            Ended::Lost => {
                for save in group {
                    save.end(OutcomeState::Unknown, Err(SaveError::OutcomeUnknown));
                }
            }
            Ended::NoSession(error) => fail_all(group, error),
        }
    }
}

/// How the statement for a group ended.
enum Ended {
    /// The ids of those who are stored.
    Written(Vec<String>),
    /// Nobody is stored.
    Refused(Refusal),
    NotSent,
    Lost,
    /// Nothing was sent.
    NoSession(SaveError),
}

impl Carrying {
    async fn write(&self, sql: &str, updates: bool, group: &mut [Save]) -> Ended {
        let session = match self.store.writer().await {
            Ok(session) => session,
            Err(error) => return Ended::NoSession(error),
        };
        let prepared = match session.prepare(sql).await {
            Ok(prepared) => prepared,
            Err(Failure::Refused(refusal)) => return Ended::Refused(refusal),
            Err(failure) => return Ended::NoSession(failure.into_save_error(false)),
        };
        for save in &mut *group {
            save.lone.fate.otherwise = OutcomeState::Unknown;
        }
        let jobs: Vec<&Job> = group.iter().map(|save| &save.lone.job).collect();
        let given = parameters(&jobs, updates, self.store.clock().now());
        point("store/before");
        let answer = session.query(sql, &prepared, &given).await;
        point("store/after");
        match answer {
            Ok(rows) => match rows.first().map(|row| get(row, 0)) {
                Some(Ok(stored)) => Ended::Written(stored),
                // Not what was asked for, and yet it may be stored.
                Some(Err(_)) | None => Ended::Lost,
            },
            Err(Failure::Refused(refusal)) => Ended::Refused(refusal),
            Err(Failure::NotSent(_)) => Ended::NotSent,
            Err(Failure::Lost(_)) => Ended::Lost,
        }
    }
}

/// Whether the server would refuse the statement whatever the rows are: it lacks a privilege, say, or the table has
/// constraints that an `ON CONFLICT` can not look at.
fn is_about_the_table(refusal: &Refusal) -> bool {
    let code = refusal.code.code();
    code.starts_with("42") || code.starts_with("0A") || refusal.code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE
}

/// Tells every member why nothing was sent.
fn fail_all(group: Vec<Save>, error: SaveError) {
    let error = match error {
        SaveError::Backend(error) => Shared(Arc::new(error)),
        SaveError::Busy(busy) => return group.into_iter().for_each(|save| save.fail(SaveError::Busy(busy.clone()))),
        other => Shared(Arc::new(BackendError::because("nothing was sent", other))),
    };
    for save in group {
        save.fail(SaveError::Backend(error.to_backend("saves that were grouped could not be sent")));
    }
}

/// An error that several callers are told.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) Arc<BackendError>);

impl Shared {
    pub(super) fn to_backend(&self, what: &str) -> BackendError {
        BackendError::because(what, self.clone())
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
