//! Groups as one statement over arrays.
//!
//! Each array has one element per row or per event. Rows come in the order of their ids and events in that of their
//! rows, so that two groups that want the same keys of an index want them in the same order.
//!
//! What each statement keeps to:
//!
//! 1. It waits for nobody for longer than [`PATIENCE`]: a wait would hold up every member. The server then refuses the
//!    statement, and each member goes alone. The timeout is set by the statement itself, for its own transaction, which
//!    costs no round trip.
//! 2. An update locks its rows before it writes, and leaves out those that somebody else has locked. Two groups that
//!    want the same rows would lock each other out otherwise.
//! 3. An insert leaves out the rows that a unique index has already, of whatever columns.
//! 4. Events are made from what the write returned. No number of the outbox is drawn before every row is locked.
//! 5. It answers with who was written. Those that were not go alone, and only that explains why.

use std::fmt::Write as _;
use std::time::Duration;

use timestamp_core::{EpochMs, Record};
use tokio_postgres::types::Type;

use super::super::row::Parameter;
use super::super::table::{EVENT_COLUMNS, Table, quote};
use super::super::write::{Job, context_values, integer};

/// How long a group waits for a lock: for the commit of another group, which takes milliseconds, but hardly longer.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// The statements for groups of one table.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) insert: String,
    pub(super) update: String,
}

impl Statements {
    /// Writes the SQL; none, if the table has a column of which no array can be sent.
    ///
    /// The parameters of both are an array for each of the entity's own columns, then arrays of the times of creation
    /// and last change and of the version. `update` goes on with the version and the time of the last change that the
    /// rows must hold. Then come the type of the entity, when the events are recorded, and the arrays of the events.
    ///
    /// The names of the parts begin with `timestamp_`, which a user's table is not called.
    pub(super) fn of<E: Record>(table: &Table, patience: Duration) -> Option<Self> {
        let columns: Option<Vec<Column>> =
            E::COLUMNS.iter().zip(&table.stored).map(|(column, stored)| Column::of(column.name, stored)).collect();
        let columns = columns?;
        let patience = format!(
            "timestamp_patience AS MATERIALIZED (SELECT set_config('lock_timeout', '{}', true) AS set)",
            patience.as_millis()
        );
        Some(Self { insert: insert(table, &columns, &patience), update: update(table, &columns, &patience) })
    }
}

/// One of the entity's own columns.
struct Column {
    /// Quoted.
    name: String,
    /// The type of the array's elements.
    sent_as: &'static str,
    /// What turns an element into the column's type, where assigning it does not.
    cast: String,
}

impl Column {
    fn of(name: &str, stored: &super::super::table::Stored) -> Option<Self> {
        let sent_as = element(&stored.wire)?;
        // Enumerations, and other types whose binary form is their text.
        let is_other = stored.wire == Type::TEXT && stored.declared != "text";
        let cast = if is_other { format!("::{}", stored.declared) } else { String::new() };
        Some(Self { name: quote(name), sent_as, cast })
    }
}

/// The name of a type that arrays are sent of.
pub(in crate::backend::postgres) fn element(wire: &Type) -> Option<&'static str> {
    Some(match *wire {
        Type::BOOL => "boolean",
        Type::INT2 => "smallint",
        Type::INT4 => "integer",
        Type::INT8 => "bigint",
        Type::FLOAT4 => "real",
        Type::FLOAT8 => "double precision",
        Type::BYTEA => "bytea",
        Type::UUID => "uuid",
        Type::JSON => "json",
        Type::JSONB => "jsonb",
        // An array of `varchar` has no length either.
        Type::TEXT | Type::VARCHAR => "text",
        _ => return None,
    })
}

/// The places of parameters, as they are given out.
struct Places(usize);

impl Places {
    fn next(&mut self, of_type: &str) -> String {
        self.0 += 1;
        format!("${}::{of_type}", self.0)
    }

    fn arrays<'t>(&mut self, of_types: impl IntoIterator<Item = &'t str>) -> String {
        let all: Vec<String> = of_types.into_iter().map(|of_type| self.next(&format!("{of_type}[]"))).collect();
        all.join(", ")
    }
}

fn insert(table: &Table, columns: &[Column], patience: &str) -> String {
    let Table { sql_name, columns_sql, id_sql, id_column, .. } = table;
    let mut places = Places(0);
    let own = columns.iter().map(|column| column.sent_as);
    let stamps = [table.created_at_type.sql(), table.updated_at_type.sql(), "bigint"];
    let arrays = places.arrays(own.chain(stamps));
    let (mut names, mut values) = (String::new(), String::new());
    for (nth, column) in columns.iter().enumerate() {
        let _ = write!(names, "c{nth}, ");
        let _ = write!(values, "given.c{nth}{}, ", column.cast);
    }
    let key = columns.get(*id_column).map_or("text", |id| id.sent_as);
    let events = Events::of(&mut places, key);
    // A trigger may have changed an id, and its events would be lost. Then the statement fails, by a division by zero.
    let sound =
        "((SELECT count(*) FROM timestamp_written) = (SELECT count(DISTINCT aggregateid) FROM timestamp_stored))::int";
    format!(
        "WITH {patience}, timestamp_written AS (INSERT INTO {sql_name} ({columns_sql}) SELECT {values}given.created_at, \
         given.updated_at, given.version FROM timestamp_patience, unnest({arrays}) AS given ({names}created_at, \
         updated_at, version) WHERE timestamp_patience.set IS NOT NULL ON CONFLICT DO NOTHING RETURNING {id_sql}::{key} \
         AS key), timestamp_stored AS ({} RETURNING aggregateid) SELECT ARRAY(SELECT DISTINCT aggregateid FROM \
         timestamp_stored), 1 / {sound}",
        events.insert,
    )
}

fn update(table: &Table, columns: &[Column], patience: &str) -> String {
    let Table { sql_name, id_sql, id_column, created_at_sql, updated_at_sql, version_sql, .. } = table;
    let (created_type, updated_type) = (table.created_at_type, table.updated_at_type);
    let mut places = Places(0);
    let own = columns.iter().map(|column| column.sent_as);
    let stamps = [created_type.sql(), updated_type.sql(), "bigint", "bigint", updated_type.sql()];
    let arrays = places.arrays(own.chain(stamps));
    let (mut names, mut set) = (String::new(), String::new());
    for (nth, column) in columns.iter().enumerate() {
        let _ = write!(names, "c{nth}, ");
        if nth != *id_column {
            let _ = write!(set, "{} = timestamp_locked.c{nth}{}, ", column.name, column.cast);
        }
    }
    let id_cast = columns.get(*id_column).map_or("", |id| &id.cast);
    let events = Events::of(&mut places, "bigint");
    let created_is_at = created_type.is_at(&format!("held.{created_at_sql}"), "given.created_at");
    let updated_is_at = updated_type.is_at(&format!("held.{updated_at_sql}"), "given.stored_updated_at");
    let updated = updated_type.updated(&format!("moved.{updated_at_sql}"), "timestamp_locked.updated_at");
    format!(
        "WITH {patience}, timestamp_locked AS MATERIALIZED (SELECT given.* FROM timestamp_patience, unnest({arrays}) WITH \
         ORDINALITY AS given ({names}created_at, updated_at, version, stored_version, stored_updated_at, place) JOIN \
         {sql_name} AS held ON held.{id_sql} = given.c{id_column}{id_cast} AND held.{version_sql} = \
         given.stored_version AND {created_is_at} AND {updated_is_at} WHERE timestamp_patience.set IS NOT NULL FOR NO \
         KEY UPDATE OF held SKIP LOCKED), timestamp_written AS (UPDATE {sql_name} AS moved SET {set}{updated_at_sql} = \
         {updated}, {version_sql} = timestamp_locked.version FROM timestamp_locked WHERE moved.{id_sql} = \
         timestamp_locked.c{id_column}{id_cast} RETURNING timestamp_locked.place AS key), timestamp_stored AS ({} \
         RETURNING aggregateid) SELECT ARRAY(SELECT DISTINCT aggregateid FROM timestamp_stored), 1",
        events.insert,
    )
}

struct Events {
    insert: String,
}

impl Events {
    /// The statement that stores the events of the rows whose key is in `timestamp_written`. Whether a key is there is
    /// asked in a way that the planner makes a hash table for, and nothing else: of a join it would have to guess the
    /// size, and a nested loop takes the square of it.
    fn of(places: &mut Places, key: &str) -> Self {
        let entity_type = places.next("text");
        let recorded_at = places.next("bigint");
        let own = [key, "text", "uuid", "json", "bigint", "text", "text", "bigint"];
        let arrays = places.arrays(own.into_iter().chain(["text"; 4]));
        Self {
            insert: format!(
                "INSERT INTO timestamp_outbox ({EVENT_COLUMNS}) SELECT event.id, {entity_type}, event.entity_id, \
                 {entity_type} || '.' || event.kind, event.payload, event.version, event.kind, event.reason, event.at, \
                 {recorded_at}, event.tenant, event.correlation, event.causation, event.trace FROM unnest({arrays}) AS \
                 event (key, entity_id, id, payload, version, kind, reason, at, tenant, correlation, causation, trace) \
                 WHERE coalesce(event.key IN (SELECT key FROM timestamp_written), false)"
            ),
        }
    }
}

/// What the statement for a group is given. The jobs are of one kind, and in the order of their ids.
pub(super) fn parameters<'a>(jobs: &[&'a Job], updates: bool, recorded_at: EpochMs) -> Vec<Parameter<'a>> {
    let Some(first) = jobs.first() else { return Vec::new() };
    let rows = |of: &dyn Fn(&'a Job) -> Parameter<'a>| Parameter::List(jobs.iter().map(|job| of(job)).collect());
    let value = |job: &'a Job, nth: usize| job.values.get(nth).map_or(Parameter::OptionalText(None), Parameter::Value);
    let mut all = Vec::with_capacity(first.values.len() + 19);
    all.extend((0..first.values.len()).map(|nth| rows(&|job| value(job, nth))));
    all.push(rows(&|job| Parameter::Time(job.change.created_at)));
    all.push(rows(&|job| Parameter::Time(job.change.updated_at)));
    all.push(rows(&|job| Parameter::Integer(integer(job.change.version))));
    if updates {
        all.push(rows(&|job| Parameter::Integer(integer(job.change.stored_version))));
        all.push(rows(&|job| Parameter::Time(job.change.stored_updated_at)));
    }
    all.push(Parameter::Text(first.change.entity_type));
    all.push(Parameter::Integer(recorded_at.as_millis()));
    let key = |place: usize, job: &'a Job| {
        if updates {
            Parameter::Integer(i64::try_from(place).unwrap_or(i64::MAX) + 1)
        } else {
            value(job, job.table.id_column)
        }
    };
    let events = || {
        let jobs = jobs.iter().enumerate();
        jobs.flat_map(|(place, job)| job.change.events.iter().map(move |event| (place, *job, event)))
    };
    all.push(Parameter::List(events().map(|(place, job, _)| key(place, job)).collect()));
    all.push(Parameter::List(events().map(|(_, job, _)| Parameter::Text(&job.change.entity_id)).collect()));
    all.push(Parameter::List(events().map(|(_, _, event)| Parameter::Uuid(event.id)).collect()));
    all.push(Parameter::List(events().map(|(_, _, event)| Parameter::Text(&event.payload)).collect()));
    all.push(Parameter::List(events().map(|(_, _, event)| Parameter::Integer(integer(event.version))).collect()));
    all.push(Parameter::List(events().map(|(_, _, event)| Parameter::Text(event.kind.as_str())).collect()));
    all.push(Parameter::List(events().map(|(_, _, event)| Parameter::OptionalText(event.reason.as_deref())).collect()));
    all.push(Parameter::List(events().map(|(_, _, event)| Parameter::Integer(event.at.as_millis())).collect()));
    let mut contexts = [const { Vec::new() }; 4];
    for (_, job, _) in events() {
        contexts.iter_mut().zip(context_values(&job.change)).for_each(|(column, it)| column.push(it));
    }
    all.extend(contexts.map(Parameter::List));
    all
}
