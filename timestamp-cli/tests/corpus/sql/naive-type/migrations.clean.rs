//! Migrations that keep instants, and English about those that do not.

const MIGRATIONS: &[&str] = &[
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY, at_ms BIGINT NOT NULL, timestamp BIGINT)",
    "ALTER TABLE tasks ADD COLUMN timestamp timestamptz",
    "ALTER TABLE {table} ALTER COLUMN {column} TYPE timestamptz USING {column} AT TIME ZONE 'UTC'",
    "CREATE TABLE tasks has a column of the type DATETIME",
    "Create a table with at timestamp",
    "alter table tasks so that at is no TIMESTAMP any more",
    "add column at timestamp to the list",
    "the column `at` has the type TIMESTAMP",
    "select at as timestamp from the list of DATETIME columns, then go",
    "timestamp",
    "DATETIME DEFAULT",
];
