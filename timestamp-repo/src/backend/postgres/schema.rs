//! Creates an entity's table, or says precisely why an existing one does not fit.

use timestamp_core::{ColumnDefinition, ColumnType, Record};
use tokio_postgres::types::Type;

use super::failure::Failure;
use super::row::{Parameter, get};
use super::session::Session;
use super::table::{Stored, Table, quote, type_name};
use super::time_column::TimeType;

/// What was found where an entity's table should be.
pub(super) enum Found {
    Nothing,
    Fits(Box<Table>),
    Problems(Vec<String>),
}

/// One column of an existing table, as the catalog describes it.
struct Existing {
    name: String,
    /// The type, as users write it.
    declared: String,
    /// Of the type, or of the one that a domain stands for.
    type_oid: u32,
    type_name: String,
    is_enum: bool,
    is_array: bool,
    longest: Option<usize>,
    /// Of the seconds, how many digits are kept; nothing, if the type does not limit them.
    precision: Option<i64>,
    not_null: bool,
    has_default: bool,
    /// Computed from others, and not written by anybody.
    generated: bool,
    /// `GENERATED ALWAYS AS IDENTITY`.
    always_identity: bool,
}

pub(super) async fn create<E: Record>(session: &Session) -> Result<(), Failure> {
    let own = E::COLUMNS.iter().enumerate().map(|(index, column)| {
        let name = quote(column.name);
        let type_name = type_name(column.column_type);
        let not_null = if column.nullable { "" } else { " NOT NULL" };
        let key = if index == E::ID_COLUMN { " PRIMARY KEY" } else { "" };
        format!("{name} {type_name}{not_null}{key}")
    });
    let stamps = E::TIMESTAMP_COLUMNS.into_iter().map(|name| format!("{} bigint NOT NULL", quote(name)));
    let columns: Vec<String> = own.chain(stamps).collect();
    session.batch(&format!("CREATE TABLE {} ({})", quote(E::TABLE), columns.join(", "))).await?;
    session.batch(&index_sql::<E>()).await
}

/// The index that "recent first" and its pages are read from.
fn index_sql<E: Record>() -> String {
    let [_, updated_at, _] = E::TIMESTAMP_COLUMNS;
    let index = quote(&format!("{}_{updated_at}", E::TABLE));
    let id = quote(E::COLUMNS[E::ID_COLUMN].name);
    format!("CREATE INDEX {index} ON {} ({}, {id})", quote(E::TABLE), quote(updated_at))
}

pub(super) async fn check<E: Record>(session: &Session) -> Result<Found, Failure> {
    let name = quote(E::TABLE);
    let sql = "SELECT oid::bigint, relkind::text FROM pg_class WHERE oid = to_regclass($1::text)";
    let found = session.prepare_and_query(sql, &[Parameter::Text(&name)]).await?;
    let Some(found) = found.first() else { return Ok(Found::Nothing) };
    let (table, kind) = (get::<i64>(found, 0)?, get::<String>(found, 1)?);
    let kind = match kind.as_str() {
        "r" | "p" => None,
        "v" => Some("a view"),
        "m" => Some("a materialized view"),
        "f" => Some("a foreign table"),
        _ => Some("something else"),
    };
    if let Some(kind) = kind {
        return Ok(Found::Problems(vec![format!("it is {kind}, and an entity needs a table")]));
    }
    let existing = existing_columns(session, table).await?;
    let mut problems = Vec::new();
    let mut stored = Vec::new();
    for column in E::COLUMNS {
        match find(&existing, column.name) {
            None => problems.push(missing(column)),
            Some(found) => match wire_type::<E>(column, found) {
                Ok(wire) => {
                    stored.push(Stored { declared: found.declared.clone(), wire, longest: found.longest });
                }
                Err(problem) => problems.push(problem),
            },
        }
    }
    let [created_at, updated_at, version] = E::TIMESTAMP_COLUMNS.map(|name| (name, find(&existing, name)));
    let times = [created_at, updated_at].map(|(name, found)| time_type::<E>(name, found));
    let mut time_types = [TimeType::Millis; 2];
    for (time_type, found) in time_types.iter_mut().zip(times) {
        match found {
            Ok(found) => *time_type = found,
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(version_problem(version.0, version.1));
    for column in &existing {
        let known = E::COLUMNS.iter().map(|it| it.name).chain(E::TIMESTAMP_COLUMNS).any(|it| it == column.name);
        if !known && column.not_null && !column.has_default && !column.generated {
            let (name, entity) = (&column.name, E::ENTITY_TYPE);
            problems.push(format!("column `{name}` is NOT NULL without a default, and `{entity}` has no field for it"));
        }
    }
    let id = E::COLUMNS[E::ID_COLUMN].name;
    if !is_unique(session, table, id).await? {
        problems.push(format!("column `{id}` is neither the primary key nor UNIQUE, and it holds the id"));
    }
    if !problems.is_empty() {
        return Ok(Found::Problems(problems));
    }
    if !has_recent_index(session, table, E::TIMESTAMP_COLUMNS[1]).await? {
        tracing::warn!(
            table = E::TABLE,
            "no index begins with `{}`, so `recent` reads the whole table: {}",
            E::TIMESTAMP_COLUMNS[1],
            index_sql::<E>()
        );
    }
    Ok(Found::Fits(Box::new(Table::new::<E>(stored, time_types))))
}

/// What a table that was created a moment ago stores.
pub(super) fn created<E: Record>() -> Table {
    let stored = E::COLUMNS.iter().map(|column| Stored {
        declared: type_name(column.column_type).to_owned(),
        wire: own_type(column.column_type),
        longest: None,
    });
    Table::new::<E>(stored.collect(), [TimeType::Millis; 2])
}

const fn own_type(column_type: ColumnType) -> Type {
    match column_type {
        ColumnType::Bool => Type::BOOL,
        ColumnType::Integer | ColumnType::Time => Type::INT8,
        ColumnType::Real => Type::FLOAT8,
        ColumnType::Blob => Type::BYTEA,
        ColumnType::Uuid => Type::UUID,
        ColumnType::Json => Type::JSON,
        _ => Type::TEXT,
    }
}

async fn existing_columns(session: &Session, table: i64) -> Result<Vec<Existing>, Failure> {
    let sql = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), base.oid::bigint, base.typname::text, \
               base.typtype = 'e', CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END::bigint, \
               a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, \
               a.attgenerated <> '', a.attidentity = 'a', base.typcategory = 'A' FROM pg_attribute a JOIN pg_type t \
               ON t.oid = a.atttypid JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype \
               ELSE t.oid END WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY \
               a.attnum";
    let rows = session.prepare_and_query(sql, &[Parameter::Integer(table)]).await?;
    let columns = rows.iter().map(|row| {
        let type_name = get::<String>(row, 3)?;
        // What the catalog keeps for `varchar(n)` is n and the length of a header.
        let modifier = get::<i64>(row, 5)?;
        let longest = usize::try_from(modifier - 4).ok().filter(|_| type_name == "varchar");
        let precision = Some(modifier).filter(|it| *it >= 0 && type_name == "timestamptz");
        Ok(Existing {
            name: get(row, 0)?,
            declared: get(row, 1)?,
            type_oid: u32::try_from(get::<i64>(row, 2)?).unwrap_or_default(),
            type_name,
            is_enum: get(row, 4)?,
            longest,
            precision,
            not_null: get(row, 6)?,
            has_default: get(row, 7)?,
            generated: get(row, 8)?,
            always_identity: get(row, 9)?,
            is_array: get(row, 10)?,
        })
    });
    columns.collect()
}

fn find<'a>(existing: &'a [Existing], name: &str) -> Option<&'a Existing> {
    existing.iter().find(|column| column.name == name)
}

fn missing(column: &ColumnDefinition) -> String {
    let name = column.name;
    let not_null = if column.nullable { "" } else { " NOT NULL" };
    format!("column `{name}` is missing: add `{name} {}{not_null}`", type_name(column.column_type))
}

/// Returns how the column of a time is stored, or why it does not do.
fn time_type<E: Record>(name: &str, found: Option<&Existing>) -> Result<TimeType, String> {
    let Some(found) = found else { return Err(missing_stamp(name)) };
    if found.generated {
        return Err(generated(name));
    }
    match found.type_name.as_str() {
        "int8" => Ok(TimeType::Millis),
        "timestamptz" if found.keeps_millis() => Ok(TimeType::Timestamptz),
        _ => Err(no_instant::<E>(name, found).unwrap_or_else(|| {
            let declared = &found.declared;
            format!("column `{name}` has the type `{declared}`, and must be {INSTANT}")
        })),
    }
}

fn version_problem(name: &str, found: Option<&Existing>) -> Option<String> {
    let Some(found) = found else { return Some(missing_stamp(name)) };
    if found.generated {
        return Some(generated(name));
    }
    let declared = &found.declared;
    (found.type_name != "int8").then(|| format!("column `{name}` has the type `{declared}`, and must be bigint"))
}

fn missing_stamp(name: &str) -> String {
    format!("column `{name}` is missing: add `{name} bigint NOT NULL`")
}

/// The types that an instant is stored as.
const INSTANT: &str = "bigint (epoch milliseconds, UTC) or timestamptz";

/// Why a column whose type is one of times can not hold instants, and what to do about it.
fn no_instant<E: Record>(name: &str, found: &Existing) -> Option<String> {
    let (declared, table, column) = (&found.declared, quote(E::TABLE), quote(name));
    match found.type_name.as_str() {
        "timestamp" => Some(format!(
            "column `{name}` has the type `{declared}`, which does not say which instant it means: find out in which \
             time zone its values were written, and if that was UTC, `ALTER TABLE {table} ALTER COLUMN {column} TYPE \
             timestamptz USING {column} AT TIME ZONE 'UTC'`"
        )),
        "timestamptz" if !found.keeps_millis() => Some(format!(
            "column `{name}` has the type `{declared}`, which rounds milliseconds away: `ALTER TABLE {table} ALTER \
             COLUMN {column} TYPE timestamptz`"
        )),
        _ => None,
    }
}

impl Existing {
    /// Whether a `timestamptz` holds every millisecond.
    fn keeps_millis(&self) -> bool {
        self.precision.is_none_or(|digits| digits >= 3)
    }
}

fn generated(name: &str) -> String {
    format!("column `{name}` is generated, and can not be written")
}

/// Returns the type whose binary form the column's values have, or why the field does not fit into it.
fn wire_type<E: Record>(column: &ColumnDefinition, found: &Existing) -> Result<Type, String> {
    let (name, declared) = (column.name, &found.declared);
    if found.generated {
        return Err(generated(name));
    }
    if found.always_identity {
        return Err(format!(
            "column `{name}` is GENERATED ALWAYS AS IDENTITY, and the entity writes it: make it GENERATED BY DEFAULT"
        ));
    }
    let is_text = matches!(found.type_name.as_str(), "text" | "varchar" | "citext");
    let found_type = Type::from_oid(found.type_oid);
    let one_of = |types: &[Type]| found_type.as_ref().is_some_and(|found| types.contains(found));
    let (fits, expected) = match column.column_type {
        ColumnType::Bool => (one_of(&[Type::BOOL]), "boolean"),
        ColumnType::Integer => (one_of(&[Type::INT8, Type::INT4, Type::INT2]), "bigint, integer or smallint"),
        ColumnType::Time => {
            if let Some(problem) = no_instant::<E>(name, found) {
                return Err(problem);
            }
            (one_of(&[Type::INT8, Type::TIMESTAMPTZ]), INSTANT)
        }
        ColumnType::Real => (one_of(&[Type::FLOAT8, Type::FLOAT4]), "double precision or real"),
        ColumnType::Blob => (one_of(&[Type::BYTEA]), "bytea"),
        ColumnType::Uuid => (one_of(&[Type::UUID]) || is_text, "uuid or text"),
        ColumnType::Json => (one_of(&[Type::JSON, Type::JSONB]) || is_text, "json, jsonb or text"),
        // Text.
        _ => (is_text || found.is_enum, "text or varchar"),
    };
    if !fits {
        let why = if found.is_array { " (arrays are not supported)" } else { "" };
        return Err(format!("column `{name}` has the type `{declared}`{why}, and the field needs {expected}"));
    }
    if column.nullable && found.not_null {
        return Err(format!("column `{name}` is NOT NULL, and the field is an `Option`"));
    }
    Ok(found_type.filter(|_| !found.is_enum).unwrap_or(Type::TEXT))
}

async fn is_unique(session: &Session, table: i64, id: &str) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = \
               i.indkey[0] WHERE i.indrelid = $1::bigint::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL \
               AND i.indnkeyatts = 1 AND a.attname = $2::text)";
    yes(session, sql, table, id).await
}

async fn has_recent_index(session: &Session, table: i64, updated_at: &str) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = \
               i.indkey[0] WHERE i.indrelid = $1::bigint::oid AND i.indisvalid AND a.attname = $2::text)";
    yes(session, sql, table, updated_at).await
}

async fn yes(session: &Session, sql: &str, table: i64, column: &str) -> Result<bool, Failure> {
    let rows = session.prepare_and_query(sql, &[Parameter::Integer(table), Parameter::Text(column)]).await?;
    rows.first().map_or(Ok(false), |row| get(row, 0))
}
