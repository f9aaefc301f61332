//! What is read.

use timestamp_core::{__private as core, ColumnType, EpochMs, Record, UnknownEventKind, Value};
use uuid::Uuid;

use super::failure::{self, Failure};
use super::placeholder;
use super::row::{Loading, Parameter, get, restore};
use super::session::Session;
use super::table::Table;
use super::time_column::{StoredMicros, TimeType};
use crate::backend::Query;
use crate::error::{BackendError, FindError};
use crate::outbox::{EntityTypes, EventQuery, StoredEvent};
use crate::page::{PageToken, Selected};

fn backend(failure: Failure) -> FindError {
    FindError::Backend(failure.into_backend())
}

/// Reads one row.
pub(super) async fn find<E: Record>(
    session: &Session,
    table: &Table,
    id: &Value<'static>,
    loading: Loading<'_>,
) -> Result<Option<E>, FindError> {
    let found = session.prepare_and_query(&table.find, &[Parameter::Value(id)]).await;
    let rows = match found {
        Ok(rows) => rows,
        // An id that the column can not hold belongs to no row.
        Err(Failure::NotSent(_)) => return Ok(None),
        Err(failure) => return Err(backend(failure)),
    };
    rows.first().map(|row| restore(row, table, loading)).transpose()
}

/// The id to look for; none, if no column can hold it.
pub(super) fn id_value<E: Record>(id: &E::Id) -> Option<Value<'static>> {
    let value = core::id_value::<E>(id).ok()?.into_owned();
    match &value {
        Value::Text(text) if text.contains('\0') => None,
        _ => Some(value),
    }
}

/// Reads rows.
pub(super) async fn select<E: Record>(
    session: &Session,
    table: &Table,
    query: &Query,
    loading: Loading<'_>,
) -> Result<Selected<E>, FindError> {
    let Table { sql_name, columns_sql, id_sql, updated_at_sql, updated_at_type, .. } = table;
    let all = format!("SELECT {columns_sql} FROM {sql_name}");
    match query {
        Query::Ids(ids) => {
            let ids = [Parameter::List(ids.iter().map(Parameter::Value).collect())];
            rows(session, table, &format!("{all} WHERE {id_sql} = ANY ($1)"), &ids, loading).await
        }
        Query::Filter { sql, values } => {
            let (sql, _) = placeholder::number(sql, 1);
            let values: Vec<_> = values.iter().map(Parameter::Value).collect();
            rows(session, table, &format!("{all} WHERE {sql}"), &values, loading).await
        }
        Query::Recent { after: None, limit } => {
            let sql = format!("{all} ORDER BY {updated_at_sql} DESC, {id_sql} DESC LIMIT $1");
            rows(session, table, &sql, &[Parameter::Integer((*limit).into())], loading).await
        }
        Query::Recent { after: Some(after), limit } => {
            let time = updated_at_type.sql();
            let sql = format!(
                "{all} WHERE ({updated_at_sql}, {id_sql}) < ($1::{time}, $2) ORDER BY {updated_at_sql} DESC, {id_sql} DESC \
                 LIMIT $3"
            );
            let id = token_id::<E>(after)?;
            let place = match updated_at_type {
                TimeType::Millis => Parameter::Time(after.millis()?),
                TimeType::Timestamptz => Parameter::TimeWithMicros(after.updated_at, after.micros),
            };
            let values = [place, Parameter::Value(&id), Parameter::Integer((*limit).into())];
            rows(session, table, &sql, &values, loading).await
        }
        Query::ChangedSince(at) => {
            let sql = format!("{all} WHERE {updated_at_sql} >= $1 ORDER BY {updated_at_sql}, {id_sql}");
            rows(session, table, &sql, &[Parameter::Time(*at)], loading).await
        }
    }
}

/// The id of a page token, as a value of the id's type.
fn token_id<E: Record>(token: &PageToken) -> Result<Value<'static>, FindError> {
    let foreign = || FindError::Backend(BackendError::new("the page token is not one of this table"));
    match E::COLUMNS[E::ID_COLUMN].column_type {
        ColumnType::Integer => token.id.parse().map(Value::Integer).map_err(|_| foreign()),
        ColumnType::Uuid => Uuid::try_parse(&token.id).map(Value::Uuid).map_err(|_| foreign()),
        ColumnType::Text if !token.id.contains('\0') => Ok(Value::Text(token.id.clone().into())),
        _ => Err(foreign()),
    }
}

async fn rows<E: Record>(
    session: &Session,
    table: &Table,
    sql: &str,
    values: &[Parameter<'_>],
    loading: Loading<'_>,
) -> Result<Selected<E>, FindError> {
    let statement = session.prepare(sql).await.map_err(backend)?;
    let expected = statement.params().len();
    if expected != values.len() {
        return Err(FindError::Backend(failure::wrong_count(expected, values.len())));
    }
    let rows = session.query(sql, &statement, values).await.map_err(backend)?;
    let entities = rows.iter().map(|row| restore(row, table, loading)).collect::<Result<_, _>>()?;
    let last_micros = match rows.last() {
        Some(last) => get::<StoredMicros>(last, table.stored.len() + 1).map_err(backend)?.0,
        None => 0,
    };
    Ok(Selected { entities, last_micros })
}

/// Reads events.
pub(super) async fn events(session: &Session, query: &EventQuery) -> Result<Vec<StoredEvent>, FindError> {
    let (condition, values) = match query {
        EventQuery::After { seq, limit } => {
            ("seq > $1 ORDER BY seq LIMIT $2", [Parameter::Integer(*seq), Parameter::Integer((*limit).into())])
        }
        EventQuery::Of { entity_type, entity_id } => (
            "aggregatetype = $1 AND aggregateid = $2 ORDER BY version",
            [Parameter::Text(entity_type), Parameter::Text(entity_id)],
        ),
    };
    let sql = format!("SELECT {STORED_EVENT} FROM timestamp_outbox WHERE {condition}");
    let rows = session.prepare_and_query(&sql, &values).await.map_err(backend)?;
    let mut types = EntityTypes::default();
    rows.iter().map(|row| event(row, &mut types)).collect()
}

/// What [`event`] reads, in its order.
pub(super) const STORED_EVENT: &str = "seq, id::text, aggregatetype, aggregateid, kind, version, reason, \
                                       occurred_at_ms, recorded_at_ms, payload::text, tenantid, \
                                       correlationid, causationid, traceparent";

pub(super) fn event(row: &tokio_postgres::Row, types: &mut EntityTypes) -> Result<StoredEvent, FindError> {
    let seq: i64 = get(row, 0).map_err(backend)?;
    let unreadable = |column: &str, message: String| FindError::Unreadable {
        table: "timestamp_outbox".to_owned(),
        column: column.to_owned(),
        id: seq.to_string(),
        message,
    };
    let time = |index: usize, column: &str| {
        let millis = get::<i64>(row, index).map_err(backend)?;
        EpochMs::from_millis(millis).map_err(|error| unreadable(column, error.to_string()))
    };
    let text = |index: usize| get::<&str>(row, index).map_err(backend);
    let id = Uuid::try_parse(text(1)?).map_err(|_| unreadable("id", "the text is not a UUID".to_owned()))?;
    let kind = text(4)?.parse().map_err(|error: UnknownEventKind| unreadable("kind", error.to_string()))?;
    let version: i64 = get(row, 5).map_err(backend)?;
    Ok(StoredEvent {
        seq,
        id,
        entity_type: types.shared(text(2)?),
        entity_id: text(3)?.to_owned(),
        kind,
        version: u64::try_from(version).map_err(|_| unreadable("version", "a version is positive".to_owned()))?,
        reason: get(row, 6).map_err(backend)?,
        at: time(7, "occurred_at_ms")?,
        recorded_at: time(8, "recorded_at_ms")?,
        payload: text(9)?.to_owned(),
        tenant_id: get(row, 10).map_err(backend)?,
        correlation_id: get(row, 11).map_err(backend)?,
        causation_id: get(row, 12).map_err(backend)?,
        traceparent: get(row, 13).map_err(backend)?,
    })
}
