exports.up = (db) => db.exec(`
  CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY,
    timestamp BIGINT NOT NULL,
    created_at_ms INTEGER NOT NULL, -- DATETIME before
    done_at timestamptz
  );
`);
exports.more = async (db) => {
  await db.exec("ALTER TABLE tasks ADD COLUMN timestamp bigint");
  await db.query("SELECT timestamp, datetime FROM tasks ORDER BY timestamp");
  log("Create a table with a TIMESTAMP column"), log("Alter table tasks, then add a DATETIME"), log("timestamp");
};
