//! An entity's table: its names, and the SQL that is the same for every row.

use timestamp_core::{ColumnType, EventKind, Record};
use tokio_postgres::types::Type;

use super::time_column::TimeType;

/// An entity's table, checked by [`super::schema`], with its SQL.
#[derive(Debug)]
pub struct Table {
    pub(super) name: String,
    /// Quoted.
    pub(super) sql_name: String,
    /// Of the entity's own columns and the three of the timestamps, quoted, in the order in which rows are read.
    pub(super) columns_sql: String,
    /// Quoted.
    pub(super) id_sql: String,
    /// Quoted.
    pub(super) created_at_sql: String,
    pub(super) created_at_type: TimeType,
    /// Quoted.
    pub(super) updated_at_sql: String,
    pub(super) updated_at_type: TimeType,
    /// Quoted.
    pub(super) version_sql: String,
    pub(super) id_column: usize,
    names: Vec<String>,
    /// How each of the entity's own columns is stored.
    pub(super) stored: Vec<Stored>,
    pub(super) insert: Writing,
    pub(super) update: Writing,
    pub(super) delete: Writing,
    pub(super) find: String,
    pub(super) explain: String,
    pub(super) copy: String,
}

/// How a column is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// As the database describes it.
    pub(super) declared: String,
    /// The type whose binary form its values have.
    pub(super) wire: Type,
    /// The longest text that it holds, in characters.
    pub(super) longest: Option<usize>,
}

/// A statement that writes a row and its events.
#[derive(Debug)]
pub(super) struct Writing {
    /// For exactly one event of the usual kind, as nearly every save has.
    pub(super) one: String,
    /// The same for an event that comes with a context.
    pub(super) one_in_context: String,
    /// The usual kind.
    pub(super) kind: EventKind,
    /// For any number of events, which come as arrays.
    pub(super) many: String,
}

/// The same without those of the context, which come last.
const OWN_EVENT_COLUMNS: &str =
    "id, aggregatetype, aggregateid, type, payload, version, kind, reason, occurred_at_ms, recorded_at_ms";

/// The columns of the outbox that a save fills.
pub(super) const EVENT_COLUMNS: &str = "id, aggregatetype, aggregateid, type, payload, version, kind, reason, occurred_at_ms, recorded_at_ms, tenantid, \
     correlationid, causationid, traceparent";

impl Table {
    /// Writes the SQL for an entity's table.
    ///
    /// The parameters of `insert` and `update` are: the entity's own columns in their order, then the three of the
    /// timestamps; `update` goes on with the version and the time of the last change that the row must hold. Those of
    /// `delete` are id, version, and the times of creation and last change. Then come those of the events.
    pub(super) fn new<E: Record>(stored: Vec<Stored>, times: [TimeType; 2]) -> Self {
        let [created_at_type, updated_at_type] = times;
        let quoted: Vec<String> = E::COLUMNS.iter().map(|column| quote(column.name)).collect();
        let table = quote(E::TABLE);
        let id = &quoted[E::ID_COLUMN];
        let count = quoted.len();
        let (created, updated, version) = (count + 1, count + 2, count + 3);
        let [created_at_sql, updated_at_sql, version_sql] = E::TIMESTAMP_COLUMNS.map(quote);
        let columns_sql = format!("{}, {created_at_sql}, {updated_at_sql}, {version_sql}", quoted.join(", "));

        let places: Vec<String> = (1..=version).map(|place| format!("${place}")).collect();
        let insert = format!("INSERT INTO {table} ({columns_sql}) VALUES ({}) RETURNING 1", places.join(", "));

        let set: String = (0..count)
            .filter(|column| *column != E::ID_COLUMN)
            .map(|column| format!("{} = ${}, ", quoted[column], column + 1))
            .collect();
        let created_is_at =
            |place| created_at_type.is_at(&created_at_sql, &format!("${place}::{}", created_at_type.sql()));
        let updated_place = |place| format!("${place}::{}", updated_at_type.sql());
        let updated_is_at = |place| updated_at_type.is_at(&updated_at_sql, &updated_place(place));
        let update = format!(
            "UPDATE {table} SET {set}{updated_at_sql} = {}, {version_sql} = ${version} WHERE {id} = ${} AND \
             {version_sql} = ${} AND {} AND {} RETURNING 1",
            updated_at_type.updated(&updated_at_sql, &updated_place(updated)),
            E::ID_COLUMN + 1,
            version + 1,
            created_is_at(created),
            updated_is_at(version + 2),
        );
        let delete = format!(
            "DELETE FROM {table} WHERE {id} = $1 AND {version_sql} = $2 AND {} AND {} RETURNING 1",
            created_is_at(3),
            updated_is_at(4),
        );
        let find = format!("SELECT {columns_sql} FROM {table} WHERE {id} = $1");
        // One statement, so that all of it is of one moment. Parameters: id, entity type, entity id, stored version, how
        // many events.
        let explain = format!(
            "SELECT stored.{version_sql}, stored.{created_at_sql}, stored.{updated_at_sql}, EXISTS (SELECT FROM timestamp_outbox WHERE \
             aggregatetype = $2 AND aggregateid = $3), ARRAY(SELECT id::text FROM timestamp_outbox WHERE aggregatetype \
             = $2 AND aggregateid = $3 AND version > $4 ORDER BY version LIMIT $5) FROM (SELECT 1) AS one LEFT JOIN \
             {table} AS stored ON stored.{id} = $1"
        );
        let copy = format!("COPY {table} ({columns_sql}) FROM STDIN (FORMAT binary)");
        let names =
            E::COLUMNS.iter().map(|column| column.name).chain(E::TIMESTAMP_COLUMNS).map(str::to_owned).collect();
        Self {
            name: E::TABLE.to_owned(),
            id_sql: id.clone(),
            created_at_sql,
            created_at_type,
            updated_at_sql,
            updated_at_type,
            version_sql,
            id_column: E::ID_COLUMN,
            columns_sql,
            names,
            stored,
            insert: Writing::new(&insert, E::ENTITY_TYPE, EventKind::Created, version),
            update: Writing::new(&update, E::ENTITY_TYPE, EventKind::Updated, version + 2),
            delete: Writing::new(&delete, E::ENTITY_TYPE, EventKind::Deleted, 4),
            find,
            explain,
            copy,
            sql_name: table,
        }
    }

    pub(super) fn column_name(&self, column: usize) -> String {
        self.names.get(column).cloned().unwrap_or_else(|| format!("number {}", column + 1))
    }
}

impl Writing {
    /// The events are made from what the write returned, so that none is stored, and no number drawn for it, unless the
    /// row was written and is locked.
    ///
    /// What is the same for all rows is written into the statement for one event, and no context is not sent: each
    /// parameter costs client and server about as much as a column does.
    fn new(write: &str, entity_type: &str, kind: EventKind, parameters: usize) -> Self {
        let begin =
            |columns: &str| format!("WITH written AS ({write}) INSERT INTO timestamp_outbox ({columns}) SELECT");
        let place = |nth: usize| parameters + nth;
        let event_type = literal(&format!("{entity_type}.{}", kind.as_str()));
        let (entity_type, kind_name) = (literal(entity_type), literal(kind.as_str()));
        let of_one = format!(
            "${}::uuid, {entity_type}, ${}::text, {event_type}, ${}::json, ${}::bigint, {kind_name}, ${}::text, \
             ${}::bigint, ${}::bigint",
            place(1),
            place(2),
            place(3),
            place(4),
            place(5),
            place(6),
            place(7),
        );
        let one = format!("{} {of_one} FROM written", begin(OWN_EVENT_COLUMNS));
        let one_in_context = format!(
            "{} {of_one}, ${}::text, ${}::text, ${}::text, ${}::text FROM written",
            begin(EVENT_COLUMNS),
            place(8),
            place(9),
            place(10),
            place(11),
        );
        let many = format!(
            "{} event.id, ${}::text, ${}::text, event.type, event.payload, event.version, event.kind, \
             event.reason, event.at, ${}::bigint, ${}::text, ${}::text, ${}::text, ${}::text FROM written, unnest(${}::uuid[], ${}::text[], ${}::json[], \
             ${}::bigint[], ${}::text[], ${}::text[], ${}::bigint[]) WITH ORDINALITY AS event (id, type, payload, \
             version, kind, reason, at, place) ORDER BY event.place",
            begin(EVENT_COLUMNS),
            place(1),
            place(2),
            place(3),
            place(11),
            place(12),
            place(13),
            place(14),
            place(4),
            place(5),
            place(6),
            place(7),
            place(8),
            place(9),
            place(10),
        );
        Self { one, one_in_context, kind, many }
    }
}

/// Quotes a text; for what comes from the program, and never for a value.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Quotes an identifier; the only way a name gets into SQL.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The type that a column is created with.
pub(super) const fn type_name(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Bool => "boolean",
        ColumnType::Integer | ColumnType::Time => "bigint",
        ColumnType::Real => "double precision",
        ColumnType::Blob => "bytea",
        ColumnType::Uuid => "uuid",
        ColumnType::Json => "json",
        // A type that is added later must be looked at here.
        _ => "text",
    }
}
