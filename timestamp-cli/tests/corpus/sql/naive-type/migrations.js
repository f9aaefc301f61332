exports.up = (db) => db.exec(`
  CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, --~ sql/naive-type sql/default
    done_at TIMESTAMP --~ sql/naive-type
  );
  CREATE TRIGGER touch AFTER UPDATE ON tasks BEGIN
    UPDATE tasks SET updated_at = datetime('now') WHERE id = NEW.id; --~ sql/trigger
  END;
`);
exports.more = async (db) => {
  await db.exec("ALTER TABLE tasks ADD COLUMN parked_at timestamp"); //~ sql/naive-type
  await db.exec("ALTER TABLE tasks ALTER COLUMN at TYPE timestamp(3)"); //~ sql/naive-type
  await db.query("SELECT at::timestamp, now() AT TIME ZONE 'utc' FROM tasks"); //~ sql/naive-cast sql/now sql/naive-cast
  await db.query("SELECT '2024-01-15 12:00'::timestamptz, FROM_UNIXTIME(at) FROM tasks"); //~ sql/naive-text sql/local-time
};
