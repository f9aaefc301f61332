//! Bulk touches: rows and their events in one statement, without loading them.
//!
//! The rows are chosen and locked first, in the order of their ids, so that two bulk touches wait for each other and do
//! not lock each other out; what the condition says is asked once. An event is made in SQL as [`Said`] makes it here.

use timestamp_core::{EpochMs, EventKind};
use tokio_postgres::error::SqlState;

use super::failure::{self, Failure};
use super::placeholder;
use super::row::{Parameter, get};
use super::session::Session;
use super::table::Table;
use super::write::{ignored, refuse_nul_in_context};
use crate::backend::BulkTouch;
use crate::error::{BackendError, Busy, FindError, SaveError};
use crate::outbox::Said;

/// Touches the rows in the open transaction. Returns how many. `own_unit` is a unit of the same task that has written
/// rows of this type, or what else is known of those who may stand in the way: for it nobody waits.
pub(super) async fn touch_rows(
    session: &Session,
    table: &Table,
    entity_type: &str,
    touch: &BulkTouch,
    now: EpochMs,
    others: &Busy,
) -> Result<u64, SaveError> {
    if touch.reason.contains('\0') {
        let what = timestamp_core::ValidationError::new("reason", "PostgreSQL can not hold the character NUL");
        return Err(SaveError::Invalid(what));
    }
    refuse_nul_in_context(touch.context.as_deref())?;
    let (filter, placeholders) = placeholder::number(&touch.sql, 11);
    let failed = |failure: Failure| {
        if failure.has_code(&SqlState::LOCK_NOT_AVAILABLE) {
            return SaveError::Busy(others.clone());
        }
        failure.into_save_error(false)
    };
    if placeholders != touch.values.len() {
        return Err(SaveError::Backend(failure::wrong_count(placeholders, touch.values.len())));
    }
    let sql = sql(table, &filter, others.same_task);
    let statement = session.prepare(&sql).await.map_err(failed)?;
    let event_type = format!("{entity_type}.{}", EventKind::Updated.as_str());
    let reason = escaped(&touch.reason);
    let mut values = vec![
        Parameter::Integer(now.as_millis()),
        Parameter::Text(entity_type),
        Parameter::Text(&event_type),
        Parameter::Text(&touch.reason),
        Parameter::Text(&reason),
        Parameter::Time(now),
    ];
    let context = touch.context.as_ref().map(|context| context.columns()).unwrap_or_default();
    values.extend(context.map(Parameter::OptionalText));
    values.extend(touch.values.iter().map(Parameter::Value));
    let expected = statement.params().len();
    if expected != values.len() {
        return Err(SaveError::Backend(failure::wrong_count(expected.saturating_sub(10), touch.values.len())));
    }
    let rows = session.query(&sql, &statement, &values).await.map_err(failed)?;
    let Some(row) = rows.first() else { return Ok(0) };
    let counted = |column| get::<i64>(row, column).map_err(failed);
    let (chosen, touched) = (counted(0)?, counted(1)?);
    if let Some(id) = get::<Option<String>>(row, 2).map_err(failed)? {
        let own = table.stored.len();
        let (column, message) = if counted(3)? == 1 {
            (own + 1, format!("expected {} of the years 0000 to 9999", table.updated_at_type.expected()))
        } else {
            (own + 2, "expected a version from 1 to 4,294,967,294".to_owned())
        };
        let unreadable =
            FindError::Unreadable { table: table.name.clone(), column: table.column_name(column), id, message };
        return Err(SaveError::Backend(BackendError::because("a row can not be touched", unreadable)));
    }
    if touched == chosen { Ok(u64::try_from(touched).unwrap_or_default()) } else { Err(ignored(table)) }
}

/// Parameters: the time, entity type, event type, reason, the reason in JSON, the time once more in the form of the
/// column, the context, and then those of the filter.
fn sql(table: &Table, filter: &str, no_wait: bool) -> String {
    let Table { sql_name, id_sql, updated_at_sql, updated_at_type, version_sql, .. } = table;
    let no_wait = if no_wait { " NOWAIT" } else { "" };
    let versions = u32::MAX - 1;
    let is_instant = updated_at_type.is_instant("previous");
    let at = updated_at_type.millis(&format!("moved.{updated_at_sql}"));
    let previous = updated_at_type.millis("chosen.previous");
    let time = updated_at_type.sql();
    format!(
        "WITH chosen AS MATERIALIZED (SELECT {id_sql} AS id, {id_sql}::text AS entity_id, {version_sql} AS version, {updated_at_sql} AS \
         previous FROM {sql_name} WHERE ({filter}\n) ORDER BY {id_sql} FOR NO KEY UPDATE{no_wait}), \
         wrong AS MATERIALIZED (SELECT entity_id, (version BETWEEN 1 AND {versions})::int::bigint AS fits FROM chosen \
         WHERE ({is_instant}) IS NOT TRUE OR version NOT BETWEEN 1 AND {versions} LIMIT 1), \
         touched AS (UPDATE {sql_name} AS moved SET {version_sql} = moved.{version_sql} + 1, {updated_at_sql} = \
         GREATEST(moved.{updated_at_sql}, $6::{time}) FROM chosen WHERE moved.{id_sql} = chosen.id AND NOT EXISTS (SELECT \
         FROM wrong) RETURNING chosen.entity_id, moved.{version_sql} AS version, {at} AS at, {previous} AS previous), \
         stored AS (INSERT INTO timestamp_outbox ({}) SELECT {}, $2::text, entity_id, $3::text, {}, version, \
         'updated', $4::text, at, $1::bigint, $7::text, $8::text, $9::text, $10::text FROM touched ORDER BY at, entity_id) \
         SELECT (SELECT count(*) FROM chosen), (SELECT count(*) FROM touched), (SELECT entity_id FROM wrong), \
         coalesce((SELECT fits FROM wrong), 0)",
        super::table::EVENT_COLUMNS,
        event_id_sql("at"),
        payload_sql(),
    )
}

/// A UUID of version 7 with the time of the event, as [`crate::save::event_id`] makes it: 48 bits of time, the version,
/// and the rest of a random one.
fn event_id_sql(at: &str) -> String {
    format!(
        "(lpad(to_hex(GREATEST({at}, 0)), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"
    )
}

fn payload_sql() -> String {
    format!(
        "('{{\"kind\":\"updated\",\"version\":' || version || ',\"reason\":' || $5::text || ',\"at\":\"' || {} || \
         '\",\"previous_updated_at\":\"' || {} || '\"}}')::json",
        text_sql("at"),
        text_sql("previous")
    )
}

/// An instant as [`EpochMs`] prints it. Days and the rest apart: as one number of milliseconds, an interval is a float.
/// PostgreSQL calls the year 0000 the first before Christ.
fn text_sql(millis: &str) -> String {
    let year_1 = -62_135_596_800_000_i64;
    format!(
        "to_char(timestamp '1970-01-01' + ({millis} / 86400000)::int * interval '1 day' + ({millis} % 86400000) * \
         interval '1 millisecond', CASE WHEN {millis} < {year_1} THEN '\"0000\"' ELSE 'YYYY' END || \
         '-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    )
}

/// A text as JSON, by the code that writes every other payload.
fn escaped(reason: &str) -> String {
    let said = |reason| Said {
        kind: EventKind::Updated,
        version: 1,
        reason,
        at: EpochMs::UNIX_EPOCH,
        previous: None,
        data: None,
        state: None,
    };
    let (without, with) = (said(None).json(), said(Some(reason)).json());
    // What the reason adds: a comma, its key, and itself.
    let at = without.find(",\"at\"").unwrap_or_default();
    let added = with.len() - without.len();
    with[at..at + added].strip_prefix(",\"reason\":").unwrap_or("\"\"").to_owned()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_reason_is_escaped_as_in_every_other_payload() {
        assert_eq!(escaped("renamed"), r#""renamed""#);
        assert_eq!(escaped("it's \"time\"\n,\"at\""), r#""it's \"time\"\n,\"at\"""#);
        assert_eq!(escaped(""), r#""""#);
    }
}
