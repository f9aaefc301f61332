//! Migrations in literals of Rust.

const MIGRATIONS: &[&str] = &[
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY, at DATETIME NOT NULL)", //~ sql/naive-type
    "CREATE TABLE tasks (id int, at timestamp DEFAULT CURRENT_TIMESTAMP, due date)", //~ sql/naive-type sql/default
    "ALTER TABLE tasks ADD COLUMN at TIMESTAMP", //~ sql/naive-type
    "ALTER TABLE {table} ALTER COLUMN {column} TYPE timestamp without time zone", //~ sql/naive-type
    "CREATE TRIGGER touch AFTER UPDATE ON tasks BEGIN UPDATE tasks SET updated_at = unixepoch(); END", //~ sql/trigger
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$", //~ sql/trigger
    "PRAGMA foreign_keys = ON; CREATE TABLE t (at DATETIME); CREATE TABLE u (at DATETIME DEFAULT (datetime('now')))", //~ sql/naive-type sql/naive-type sql/default
    "SELECT at::timestamp, CAST(at AS DATETIME) FROM tasks", //~ sql/naive-cast sql/naive-cast
    "SELECT * FROM tasks WHERE at > timestamptz '2024-01-15 12:00'", //~ sql/naive-text
    "SELECT strftime('%H', at, 'localtime') FROM tasks", //~ sql/local-time
];
