//! What a change does inside a transaction, and why one was refused.

use std::sync::Arc;

use timestamp_core::__private::{Outcome, OutcomeState};
use timestamp_core::{EpochMs, Record, ValidationError, Value};

use super::failure::Failure;
use super::finish::Undecided;
use super::row::{Collector, Parameter, get};
use super::session::Session;
use super::sessions::Loan;
use super::store::Postgres;
use super::table::{Table, Writing};
use super::time_column::StoredMillis;
use crate::error::SaveError;
use crate::event_context::EventContext;
use crate::outbox::EventRow;
use crate::save::{self, Change, Operation, Written};

/// A change with a copy of the columns to be written.
pub(super) struct Job {
    pub(super) table: Arc<Table>,
    pub(super) change: Arc<Change>,
    pub(super) values: Vec<Value<'static>>,
}

/// Copies an entity's columns, and refuses what the server would not take. Returns their fingerprint too.
pub(super) fn collect<E: Record>(
    table: &Table,
    entity: &E,
    change: &Change,
) -> Result<(Vec<Value<'static>>, u32), SaveError> {
    let mut columns = Collector::of(table);
    entity.encode(&mut columns).map_err(|error| save::invalid_column::<E>(&error))?;
    refuse_nul(change)?;
    let digest = columns.digest();
    Ok((columns.values, digest))
}

/// Refuses what no text of the server's holds, where it is not in a column.
pub(super) fn refuse_nul(change: &Change) -> Result<(), SaveError> {
    let nul = |text: &str| text.contains('\0');
    if change.events.iter().any(|event| event.reason.as_deref().is_some_and(nul)) || nul(&change.entity_id) {
        let what = ValidationError::new("reason", "PostgreSQL can not hold the character NUL");
        return Err(SaveError::Invalid(what));
    }
    refuse_nul_in_context(change.context.as_deref())
}

pub(super) fn refuse_nul_in_context(context: Option<&EventContext>) -> Result<(), SaveError> {
    let columns = context.map(EventContext::columns).unwrap_or_default();
    if columns.into_iter().flatten().any(|it| it.contains('\0')) {
        let what = ValidationError::new("context", "PostgreSQL can not hold the character NUL");
        return Err(SaveError::Invalid(what));
    }
    Ok(())
}

/// The statement for a change.
pub(super) fn statement<'t>(table: &'t Table, change: &Change) -> &'t str {
    let writing = writing(table, change);
    match (only_event(table, change), &change.context) {
        (Some(_), None) => &writing.one,
        (Some(_), Some(_)) => &writing.one_in_context,
        (None, _) => &writing.many,
    }
}

fn writing<'t>(table: &'t Table, change: &Change) -> &'t Writing {
    match change.operation {
        Operation::Insert => &table.insert,
        Operation::Update => &table.update,
        Operation::Delete(_) => &table.delete,
    }
}

/// The event of a change that has one, of the kind that is written into its statement.
fn only_event<'c>(table: &Table, change: &'c Change) -> Option<&'c EventRow> {
    let [event] = &*change.events else { return None };
    (event.kind == writing(table, change).kind).then_some(event)
}

/// What the statement is given; `types` are the [`event_types`].
pub(super) fn parameters<'a>(
    table: &Table,
    change: &'a Change,
    values: &'a [Value<'static>],
    types: &'a [String],
    recorded_at: EpochMs,
) -> Vec<Parameter<'a>> {
    let mut all = Vec::with_capacity(values.len() + 19);
    let stored = [Parameter::Integer(integer(change.stored_version))];
    match &change.operation {
        Operation::Insert => all.extend(values.iter().map(Parameter::Value)),
        Operation::Update => all.extend(values.iter().map(Parameter::Value)),
        Operation::Delete(_) => {
            all.extend(values.get(table.id_column).map(Parameter::Value));
            all.extend(stored);
            all.push(Parameter::Time(change.created_at));
            all.push(Parameter::Time(change.stored_updated_at));
            push_events(&mut all, table, change, types, recorded_at);
            return all;
        }
    }
    all.push(Parameter::Time(change.created_at));
    all.push(Parameter::Time(change.updated_at));
    all.push(Parameter::Integer(integer(change.version)));
    if matches!(change.operation, Operation::Update) {
        all.extend(stored);
        all.push(Parameter::Time(change.stored_updated_at));
    }
    push_events(&mut all, table, change, types, recorded_at);
    all
}

fn push_events<'a>(
    all: &mut Vec<Parameter<'a>>,
    table: &Table,
    change: &'a Change,
    types: &'a [String],
    recorded_at: EpochMs,
) {
    if let Some(event) = only_event(table, change) {
        all.extend([
            Parameter::Uuid(event.id),
            Parameter::Text(&change.entity_id),
            Parameter::Text(&event.payload),
            Parameter::Integer(integer(event.version)),
            Parameter::OptionalText(event.reason.as_deref()),
            Parameter::Integer(event.at.as_millis()),
            Parameter::Integer(recorded_at.as_millis()),
        ]);
        if change.context.is_some() {
            all.extend(context_values(change));
        }
        return;
    }
    let list = |of: &dyn Fn(&'a EventRow) -> Parameter<'a>| Parameter::List(change.events.iter().map(of).collect());
    all.push(Parameter::Text(change.entity_type));
    all.push(Parameter::Text(&change.entity_id));
    all.push(Parameter::Integer(recorded_at.as_millis()));
    all.push(list(&|event| Parameter::Uuid(event.id)));
    all.push(Parameter::List(types.iter().map(|name| Parameter::Text(name)).collect()));
    all.push(list(&|event| Parameter::Text(&event.payload)));
    all.push(list(&|event| Parameter::Integer(integer(event.version))));
    all.push(list(&|event| Parameter::Text(event.kind.as_str())));
    all.push(list(&|event| Parameter::OptionalText(event.reason.as_deref())));
    all.push(list(&|event| Parameter::Integer(event.at.as_millis())));
    all.extend(context_values(change));
}

/// Where the events of a change come from; the last of [`super::table::EVENT_COLUMNS`].
pub(super) fn context_values(change: &Change) -> [Parameter<'_>; 4] {
    let context = change.context.as_ref().map(|context| context.columns()).unwrap_or_default();
    context.map(Parameter::OptionalText)
}

/// The types of the change's events as consumers know them, such as `Task.updated`; none, where the statement says it.
pub(super) fn event_types(table: &Table, change: &Change) -> Vec<String> {
    if only_event(table, change).is_some() {
        return Vec::new();
    }
    change.events.iter().map(|event| [change.entity_type, ".", event.kind.as_str()].concat()).collect()
}

/// Why a change was not applied. It has left no trace.
pub(super) enum Refused {
    /// No row met the conditions.
    NoRow,
    /// A statement failed.
    Failed(Failure),
}

/// What there is to say about a refused change that is no error.
pub(super) enum Explained {
    /// An earlier attempt had stored the events up to this version.
    Before(u64),
    /// The row meets every condition: it was a moment ago that it did not.
    Again,
}

/// Says why a change was refused, with a new snapshot: that of the refused statement may be older than the lock it
/// waited for. `deciding`: the change would have been stored.
pub(super) async fn explain(
    session: &Session,
    job: &Job,
    refused: Refused,
    deciding: bool,
) -> Result<Explained, SaveError> {
    let Job { table, change, values } = job;
    let constraint = match &refused {
        Refused::NoRow => None,
        Refused::Failed(failure) => match failure.constraint() {
            Some(name) => Some((name, failure.refusal().and_then(|it| it.table.clone()))),
            None => return Err(into_error(refused, deciding)),
        },
    };
    let found = look(session, table, change, values).await.map_err(|failure| failure.into_save_error(false))?;
    if change.attempted
        && let Some(version) = found.stored_through(change)
    {
        return Ok(Explained::Before(version));
    }
    let taken = found.stamps.is_some() || found.has_events;
    Err(match (&change.operation, constraint) {
        (Operation::Insert, _) if taken => SaveError::AlreadyExists,
        (Operation::Insert, None) => ignored(table),
        // The outbox has events that the row does not know of: it was set back behind our back.
        (Operation::Update | Operation::Delete(_), Some((_, Some(table)))) if table == "timestamp_outbox" => {
            SaveError::Conflict
        }
        (_, Some((name, _))) => SaveError::Constraint { name },
        (Operation::Update | Operation::Delete(_), None) => match found.stamps {
            Some((version, created_at, updated_at)) if version == integer(change.stored_version) => {
                let expected = (change.created_at.as_millis(), change.stored_updated_at.as_millis());
                if (created_at, updated_at) == expected {
                    return Ok(Explained::Again);
                }
                SaveError::TimestampsTampered
            }
            Some(_) | None => SaveError::Conflict,
        },
    })
}

fn into_error(refused: Refused, deciding: bool) -> SaveError {
    match refused {
        Refused::NoRow => SaveError::Conflict,
        Refused::Failed(failure) => failure.into_save_error(deciding),
    }
}

/// A row that meets every condition and is not written: a trigger returned NULL.
pub(super) fn ignored(table: &Table) -> SaveError {
    SaveError::Constraint { name: format!("a trigger on {}", table.name) }
}

/// What is stored of an entity.
struct Stored {
    /// Version and the milliseconds of creation and last change of the row, whatever a hand may have put there.
    stamps: Option<(i64, i64, i64)>,
    has_events: bool,
    /// Of the events after the stored version, in their order.
    ids: Vec<String>,
}

async fn look(session: &Session, table: &Table, change: &Change, values: &[Value<'static>]) -> Result<Stored, Failure> {
    let Some(id) = values.get(table.id_column) else {
        return Err(Failure::NotSent("the entity has written no id".to_owned()));
    };
    let parameters = [
        Parameter::Value(id),
        Parameter::Text(change.entity_type),
        Parameter::Text(&change.entity_id),
        Parameter::Integer(integer(change.stored_version)),
        Parameter::Integer(i64::try_from(change.events.len()).unwrap_or(i64::MAX)),
    ];
    let rows = session.prepare_and_query(&table.explain, &parameters).await?;
    let Some(row) = rows.first() else { return Err(Failure::NotSent("no answer to a question".to_owned())) };
    let time = |column| get::<Option<StoredMillis>>(row, column);
    let stamps = match (get::<Option<i64>>(row, 0)?, time(1)?, time(2)?) {
        (Some(version), Some(StoredMillis(created_at)), Some(StoredMillis(updated_at))) => {
            Some((version, created_at, updated_at))
        }
        _ => None,
    };
    Ok(Stored { stamps, has_events: get(row, 3)?, ids: get(row, 4)? })
}

impl Stored {
    /// The last version whose event is stored under the id that this change gives it, counted from the first without a
    /// gap.
    fn stored_through(&self, change: &Change) -> Option<u64> {
        let same = change.events.iter().zip(&self.ids).take_while(|(event, id)| event.id.to_string() == **id);
        same.last().map(|(event, _)| event.version)
    }
}

/// Writes one change in a transaction of its own, and decides its outcome.
pub(super) async fn write_alone(
    store: Postgres,
    session: Loan,
    job: Job,
    outcome: Arc<Outcome>,
) -> Result<Written, SaveError> {
    let undecided = Undecided(outcome);
    let answer = write_or_explain(&store, &session, &job).await;
    undecided.decide(match &answer {
        Ok(Written::Now { .. }) => OutcomeState::Committed,
        Err(SaveError::OutcomeUnknown) => OutcomeState::Unknown,
        Ok(Written::Before { .. }) | Err(_) => OutcomeState::RolledBack,
    });
    answer
}

async fn write_or_explain(store: &Postgres, session: &Session, job: &Job) -> Result<Written, SaveError> {
    let sql = statement(&job.table, &job.change);
    let types = event_types(&job.table, &job.change);
    let mut first = true;
    loop {
        // Nothing is decided by preparing.
        let prepared = session.prepare(sql).await.map_err(|failure| failure.into_save_error(false))?;
        let given = parameters(&job.table, &job.change, &job.values, &types, store.clock().now());
        #[cfg(feature = "test-util")]
        let written = if store.faults().are_armed() {
            write_with_faults(store, session, &prepared, given).await?
        } else {
            session.execute(&prepared, given).await
        };
        #[cfg(not(feature = "test-util"))]
        let written = session.execute(&prepared, given).await;
        let refused = match written {
            Ok(0) => Refused::NoRow,
            Ok(_) => return Ok(Written::Now { digest: 0 }),
            Err(failure) => Refused::Failed(failure),
        };
        match Box::pin(explain(session, job, refused, true)).await? {
            Explained::Before(version) => return Ok(Written::Before { version }),
            Explained::Again if first => first = false,
            Explained::Again => return Err(ignored(&job.table)),
        }
    }
}

/// The same in an explicit transaction, so that there is a commit that can be lost.
#[cfg(feature = "test-util")]
async fn write_with_faults(
    store: &Postgres,
    session: &Session,
    prepared: &tokio_postgres::Statement,
    given: Vec<Parameter<'_>>,
) -> Result<Result<u64, Failure>, SaveError> {
    let failed = |failure: Failure| failure.into_save_error(false);
    session.batch("BEGIN").await.map_err(failed)?;
    let written = session.execute(prepared, given).await;
    let lost = match &written {
        Ok(1..) => store.faults().take(),
        Ok(0) | Err(_) => None,
    };
    let end = match (&written, lost) {
        (Ok(1..), None | Some(crate::testing::Fault::AnswerLost)) => "COMMIT",
        _ => "ROLLBACK",
    };
    let ended = session.batch(end).await;
    if lost.is_some() {
        session.suspect();
        return Err(SaveError::OutcomeUnknown);
    }
    Ok(ended.and(written))
}

/// Versions are counted in 32 bits, so they fit.
pub(super) fn integer(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

pub(super) fn read_only(store: &Postgres) -> Result<(), SaveError> {
    if store.is_read_only() { Err(SaveError::ReadOnly) } else { Ok(()) }
}
