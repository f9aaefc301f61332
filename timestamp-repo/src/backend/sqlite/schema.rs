//! Creates an entity's table, or says precisely why an existing one does not fit.

use rusqlite::Connection;
use timestamp_core::{ColumnDefinition, ColumnType, Record};

use super::table::{Table, quote, type_name};

/// What was found where an entity's table should be.
pub(super) enum Found {
    Nothing,
    Fits(Box<Table>),
    Problems(Vec<String>),
}

/// One column of an existing table, as SQLite describes it.
struct Existing {
    name: String,
    declared: String,
    not_null: bool,
    has_default: bool,
    primary_key: bool,
    /// Computed from others, and not written by anybody.
    generated: bool,
}

pub(super) fn create<E: Record>(connection: &Connection) -> rusqlite::Result<()> {
    let own = E::COLUMNS.iter().enumerate().map(|(index, column)| {
        let name = quote(column.name);
        let type_name = type_name(column.column_type);
        let not_null = if column.nullable { "" } else { " NOT NULL" };
        let key = if index == E::ID_COLUMN { " PRIMARY KEY" } else { "" };
        format!("{name} {type_name}{not_null}{key}")
    });
    let stamps = E::TIMESTAMP_COLUMNS.into_iter().map(|name| format!("{} BIGINT NOT NULL", quote(name)));
    let columns: Vec<String> = own.chain(stamps).collect();
    connection.execute_batch(&format!("CREATE TABLE {} ({})", quote(E::TABLE), columns.join(", ")))?;
    connection.execute_batch(&index_sql::<E>())
}

/// The index that "recent first" and its pages are read from.
fn index_sql<E: Record>() -> String {
    let [_, updated_at, _] = E::TIMESTAMP_COLUMNS;
    let index = quote(&format!("{}_{updated_at}", E::TABLE));
    let id = quote(E::COLUMNS[E::ID_COLUMN].name);
    format!("CREATE INDEX {index} ON {} ({}, {id})", quote(E::TABLE), quote(updated_at))
}

pub(super) fn check<E: Record>(connection: &Connection) -> rusqlite::Result<Found> {
    let kind = connection.query_row(
        "SELECT type, sql FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type <> 'trigger'",
        [E::TABLE],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)),
    );
    let (kind, sql) = match kind {
        Ok(found) => found,
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    if kind != "table" {
        return Ok(Found::Problems(vec![format!("it is a {kind}, and an entity needs a table")]));
    }
    let existing = existing_columns(connection, E::TABLE)?;
    let mut problems = Vec::new();
    let mut blob_uuids = Vec::new();
    for column in E::COLUMNS {
        let found = find(&existing, column.name);
        blob_uuids.push(found.is_some_and(|it| column.column_type == ColumnType::Uuid && is_blob(&it.declared)));
        problems.extend(match found {
            None => Some(missing(column)),
            Some(found) => column_problem(column, found),
        });
    }
    for name in E::TIMESTAMP_COLUMNS {
        problems.extend(match find(&existing, name) {
            None => Some(format!("column `{name}` is missing: add `{name} BIGINT NOT NULL`")),
            Some(found) if found.generated => Some(generated(name)),
            Some(found) if affinity(&found.declared) != Affinity::Integer => {
                let declared = &found.declared;
                Some(format!("column `{name}` has the type `{declared}`, and must be BIGINT: epoch milliseconds, UTC"))
            }
            Some(_) => None,
        });
    }
    for column in &existing {
        let known = E::COLUMNS
            .iter()
            .map(|it| it.name)
            .chain(E::TIMESTAMP_COLUMNS)
            .any(|it| it.eq_ignore_ascii_case(&column.name));
        if !known && column.not_null && !column.has_default && !column.generated && !is_row_number(column, &existing) {
            let name = &column.name;
            problems.push(format!(
                "column `{name}` is NOT NULL without a default, and `{}` has no field for it",
                E::ENTITY_TYPE
            ));
        }
    }
    let id = E::COLUMNS[E::ID_COLUMN].name;
    if !is_unique(connection, E::TABLE, id, &existing)? {
        problems.push(format!("column `{id}` is neither the primary key nor UNIQUE, and it holds the id"));
    }
    if let Some(clause) = sql.as_deref().and_then(destructive_clause) {
        problems.push(format!(
            "it has a constraint with `ON CONFLICT {clause}`, which destroys other rows or the transaction without a \
             word: declare the constraint without it"
        ));
    }
    if !problems.is_empty() {
        return Ok(Found::Problems(problems));
    }
    if !has_recent_index(connection, E::TABLE, E::TIMESTAMP_COLUMNS[1])? {
        tracing::warn!(
            table = E::TABLE,
            "no index begins with `{}`, so `recent` reads the whole table: {}",
            E::TIMESTAMP_COLUMNS[1],
            index_sql::<E>()
        );
    }
    Ok(Found::Fits(Box::new(Table::new::<E>(blob_uuids))))
}

fn existing_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Existing>> {
    let mut statement =
        connection.prepare("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1)")?;
    let columns = statement.query_map([table], |row| {
        Ok(Existing {
            name: row.get(0)?,
            declared: row.get(1)?,
            not_null: row.get(2)?,
            has_default: row.get::<_, Option<String>>(3)?.is_some(),
            primary_key: row.get::<_, i64>(4)? > 0,
            generated: row.get::<_, i64>(5)? > 0,
        })
    })?;
    columns.collect()
}

fn find<'a>(existing: &'a [Existing], name: &str) -> Option<&'a Existing> {
    existing.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}

fn missing(column: &ColumnDefinition) -> String {
    let name = column.name;
    let not_null = if column.nullable { "" } else { " NOT NULL" };
    format!("column `{name}` is missing: add `{name} {}{not_null}`", type_name(column.column_type))
}

fn generated(name: &str) -> String {
    format!("column `{name}` is generated, and can not be written")
}

fn column_problem(column: &ColumnDefinition, found: &Existing) -> Option<String> {
    let name = column.name;
    let declared = &found.declared;
    if found.generated {
        return Some(generated(name));
    }
    let affinity = affinity(declared);
    let (fits, expected) = match column.column_type {
        ColumnType::Bool | ColumnType::Integer | ColumnType::Time => {
            (matches!(affinity, Affinity::Integer | Affinity::Numeric), "INTEGER")
        }
        ColumnType::Real => (matches!(affinity, Affinity::Real | Affinity::Numeric), "REAL"),
        ColumnType::Blob => (affinity == Affinity::Blob, "BLOB"),
        ColumnType::Uuid => (matches!(affinity, Affinity::Text | Affinity::Blob), "TEXT or BLOB"),
        // Text and JSON.
        _ => (affinity == Affinity::Text, "TEXT"),
    };
    if !fits {
        let found = if declared.is_empty() { "no type".to_owned() } else { format!("the type `{declared}`") };
        return Some(format!("column `{name}` has {found}, and the field needs {expected}"));
    }
    if column.nullable && found.not_null {
        return Some(format!("column `{name}` is NOT NULL, and the field is an `Option`"));
    }
    None
}

#[derive(PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// SQLite's own rules for what a declared type means (datatype3, section 3.1).
fn affinity(declared: &str) -> Affinity {
    let declared = declared.to_ascii_uppercase();
    let contains = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if contains(&["INT"]) {
        Affinity::Integer
    } else if contains(&["CHAR", "CLOB", "TEXT"]) {
        Affinity::Text
    } else if declared.is_empty() || contains(&["BLOB"]) {
        Affinity::Blob
    } else if contains(&["REAL", "FLOA", "DOUB"]) {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

fn is_blob(declared: &str) -> bool {
    affinity(declared) == Affinity::Blob
}

/// Whether SQLite fills the column by itself: an `INTEGER PRIMARY KEY` is the number of the row.
fn is_row_number(column: &Existing, existing: &[Existing]) -> bool {
    let alone = existing.iter().filter(|column| column.primary_key).count() == 1;
    column.primary_key && alone && column.declared.eq_ignore_ascii_case("INTEGER")
}

fn is_unique(connection: &Connection, table: &str, id: &str, existing: &[Existing]) -> rusqlite::Result<bool> {
    let keys: Vec<&Existing> = existing.iter().filter(|column| column.primary_key).collect();
    if keys.len() == 1 && keys[0].name.eq_ignore_ascii_case(id) {
        return Ok(true);
    }
    connection.query_row(
        "SELECT EXISTS (
             SELECT 1 FROM pragma_index_list(?1) AS list
             WHERE list.\"unique\" AND NOT list.partial
               AND (SELECT count(*) FROM pragma_index_info(list.name)) = 1
               AND EXISTS (SELECT 1 FROM pragma_index_info(list.name) WHERE name = ?2 COLLATE NOCASE)
         )",
        [table, id],
        |row| row.get(0),
    )
}

fn has_recent_index(connection: &Connection, table: &str, updated_at: &str) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (
             SELECT 1 FROM pragma_index_list(?1) AS list
             WHERE EXISTS (SELECT 1 FROM pragma_index_info(list.name) WHERE seqno = 0 AND name = ?2 COLLATE NOCASE)
         )",
        [table, updated_at],
        |row| row.get(0),
    )
}

/// Finds `ON CONFLICT REPLACE` or `ON CONFLICT ROLLBACK` in a CREATE TABLE statement, past comments and quoted names.
fn destructive_clause(sql: &str) -> Option<&'static str> {
    let words = bare_words(sql);
    words.windows(3).find_map(|window| match window {
        [on, conflict, what] if on == "ON" && conflict == "CONFLICT" && what == "REPLACE" => Some("REPLACE"),
        [on, conflict, what] if on == "ON" && conflict == "CONFLICT" && what == "ROLLBACK" => Some("ROLLBACK"),
        _ => None,
    })
}

/// The unquoted words of a statement, in upper case; a quoted one, or a sign, stands as an empty word.
fn bare_words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            '-' if rest.peek() == Some(&'-') => while rest.next().is_some_and(|next| next != '\n') {},
            '/' if rest.peek() == Some(&'*') => {
                rest.next();
                let mut previous = ' ';
                for next in rest.by_ref() {
                    if previous == '*' && next == '/' {
                        break;
                    }
                    previous = next;
                }
            }
            '\'' | '"' | '`' | '[' => {
                let close = if first == '[' { ']' } else { first };
                while rest.next().is_some_and(|next| next != close) {}
                words.push(String::new());
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let mut word = String::from(first.to_ascii_uppercase());
                while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    word.push(next.to_ascii_uppercase());
                }
                words.push(word);
            }
            _ if first.is_whitespace() => {}
            _ => words.push(String::new()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destructive_clauses_are_found_past_comments_and_quotes() {
        let found = |sql| destructive_clause(sql);
        assert_eq!(found("CREATE TABLE t (id TEXT PRIMARY KEY ON CONFLICT REPLACE)"), Some("REPLACE"));
        assert_eq!(found("CREATE TABLE t (id TEXT UNIQUE on /* a */ conflict -- b\n rollback)"), Some("ROLLBACK"));
        assert_eq!(found("CREATE TABLE t (id TEXT UNIQUE ON CONFLICT ABORT)"), None);
        assert_eq!(
            found("CREATE TABLE t (id TEXT DEFAULT 'ON CONFLICT REPLACE', \"ON CONFLICT ROLLBACK\" TEXT)"),
            None
        );
        assert_eq!(found("CREATE TABLE t (id TEXT, -- ON CONFLICT REPLACE\n x TEXT)"), None);
    }

    #[test]
    fn declared_types_mean_what_sqlite_says_they_mean() {
        assert!(affinity("BIGINT") == Affinity::Integer);
        assert!(affinity("varchar(36)") == Affinity::Text);
        assert!(affinity("") == Affinity::Blob);
        assert!(affinity("double precision") == Affinity::Real);
        assert!(affinity("DATETIME") == Affinity::Numeric);
    }
}
