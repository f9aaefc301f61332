//! An entity's table: its names, and the SQL that is the same for every row.

use timestamp_core::{ColumnType, Record};

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
    pub(super) updated_at_sql: String,
    /// Quoted.
    pub(super) version_sql: String,
    pub(super) id_column: usize,
    names: Vec<String>,
    /// Which columns keep UUIDs as 16 bytes.
    blob_uuids: Vec<bool>,
    pub(super) insert: String,
    pub(super) update: String,
    pub(super) delete: String,
    pub(super) find: String,
    pub(super) stamps: String,
}

impl Table {
    /// Writes the SQL for an entity's table, in which some columns keep UUIDs as bytes.
    ///
    /// The parameters of `insert` and `update` are: the entity's own columns in their order, then the three of the
    /// timestamps; `update` goes on with the version and the time of the last change that the row must hold. Those of
    /// `delete` are id, version, and the times of creation and last change.
    pub(super) fn new<E: Record>(blob_uuids: Vec<bool>) -> Self {
        let quoted: Vec<String> = E::COLUMNS.iter().map(|column| quote(column.name)).collect();
        let table = quote(E::TABLE);
        let id = &quoted[E::ID_COLUMN];
        let count = quoted.len();
        let (created, updated, version) = (count + 1, count + 2, count + 3);
        let [created_at_sql, updated_at_sql, version_sql] = E::TIMESTAMP_COLUMNS.map(quote);
        let columns_sql = format!("{}, {created_at_sql}, {updated_at_sql}, {version_sql}", quoted.join(", "));

        let places: Vec<String> = (1..=version).map(|place| format!("?{place}")).collect();
        let insert = format!("INSERT INTO {table} ({columns_sql}) VALUES ({})", places.join(", "));

        let set: String = (0..count)
            .filter(|column| *column != E::ID_COLUMN)
            .map(|column| format!("{} = ?{}, ", quoted[column], column + 1))
            .collect();
        let update = format!(
            "UPDATE {table} SET {set}{updated_at_sql} = ?{updated}, {version_sql} = ?{version} WHERE {id} = ?{} AND {version_sql} = \
             ?{} AND {created_at_sql} = ?{created} AND {updated_at_sql} = ?{}",
            E::ID_COLUMN + 1,
            version + 1,
            version + 2,
        );
        let delete = format!(
            "DELETE FROM {table} WHERE {id} = ?1 AND {version_sql} = ?2 AND {created_at_sql} = ?3 AND {updated_at_sql} = ?4"
        );
        let find = format!("SELECT {columns_sql} FROM {table} WHERE {id} = ?1");
        let stamps = format!("SELECT {version_sql}, {created_at_sql}, {updated_at_sql} FROM {table} WHERE {id} = ?1");
        let names =
            E::COLUMNS.iter().map(|column| column.name).chain(E::TIMESTAMP_COLUMNS).map(str::to_owned).collect();
        Self {
            name: E::TABLE.to_owned(),
            id_sql: id.clone(),
            updated_at_sql,
            version_sql,
            sql_name: table,
            columns_sql,
            id_column: E::ID_COLUMN,
            names,
            blob_uuids,
            insert,
            update,
            delete,
            find,
            stamps,
        }
    }

    #[inline]
    pub(super) fn own_columns(&self) -> usize {
        self.names.len() - 3
    }

    #[inline]
    pub(super) fn uuid_as_blob(&self, column: usize) -> bool {
        self.blob_uuids.get(column).copied().unwrap_or(false)
    }

    pub(super) fn column_name(&self, column: usize) -> String {
        self.names.get(column).cloned().unwrap_or_else(|| format!("number {}", column + 1))
    }
}

/// Quotes an identifier; the only way a name gets into SQL.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The type that a column is created with.
pub(super) const fn type_name(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Bool | ColumnType::Integer => "INTEGER",
        ColumnType::Real => "REAL",
        ColumnType::Blob => "BLOB",
        ColumnType::Time => "BIGINT",
        // Text, UUIDs and JSON; a type that is added later must be looked at here.
        _ => "TEXT",
    }
}
