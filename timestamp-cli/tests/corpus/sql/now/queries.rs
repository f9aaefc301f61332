//! SQL in literals of Rust.

fn queries(db: &Db, table: &str) {
    db.execute("UPDATE tasks SET done = 1, at = now() WHERE id = ?1"); //~ sql/now
    db.execute(&format!("DELETE FROM {table} WHERE at < datetime('now', '-1 day')")); //~ sql/now
    db.execute(&format!("INSERT INTO {}_tasks (id, at) VALUES ({}, CURRENT_TIMESTAMP)", table, 1)); //~ sql/now
    db.execute(
        "SELECT count(*) \
         FROM tasks WHERE at < clock_timestamp()", //~ sql/now
    );
    db.execute(r#"INSERT INTO "tasks" ("at") VALUES (strftime('%s', 'now'))"#); //~ sql/now
    db.execute("INSERT INTO \"tasks\" (\"at\") VALUES (unixepoch())"); //~ sql/now
    sqlx::query!("SELECT id FROM tasks WHERE due < now() AND owner = $1", owner); //~ sql/now
    db.execute(concat!("SELECT id FROM tasks ", " WHERE due < current_date")); //~ sql/now
    query.push(" AND expires_at > now()"); //~ sql/now
    db.execute("EXPLAIN QUERY PLAN SELECT * FROM tasks WHERE at < julianday('now')"); //~ sql/now
    const LATE: &str = "
        -- what is late
        WITH late AS (SELECT id FROM tasks WHERE due < now()) --~ sql/now
        SELECT count(*) FROM late";
    static TODAY: &str = "SELECT 'today'::date, 'tomorrow'::timestamptz"; //~ sql/now sql/now
    db.execute("CREATE TABLE IF NOT EXISTS tasks (at INTEGER, CHECK (at <= unixepoch()))"); //~ sql/now
    db.execute("REPLACE INTO tasks (at) SELECT GETDATE()"); //~ sql/now
    db.execute("CALL expire(now())"); //~ sql/now
    db.execute("{prefix} WHERE at < now()"); //~ sql/now
    sets.push("updated_at = now()"); //~ sql/now
    query.push(", updated_at = CURRENT_TIMESTAMP WHERE id = "); //~ sql/now
    tasks.filter(sql("expires_at < now() - interval '1 day'")); //~ sql/now
    let done = format!("{column} = now()"); //~ sql/now
    let upsert = "ON CONFLICT (id) DO UPDATE SET done = true, at = now()"; //~ sql/now
}
