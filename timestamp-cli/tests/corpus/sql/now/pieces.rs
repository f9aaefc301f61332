//! Pieces of SQL in literals of their own.

fn pieces(query: &mut Query, db: &Db) {
    query.push(" RETURNING now()"); //~ sql/now
    query.push("RETURNING id, clock_timestamp() AS stored_at"); //~ sql/now
    query.column("COALESCE(done_at, now())"); //~ sql/now
    query.column("date_trunc('day', now() - interval '1 day')"); //~ sql/now
    query.column("extract(epoch from now()) * 1000"); //~ sql/now
    query.value("now() + interval '5 minutes'"); //~ sql/now
    query.value("NOW() - INTERVAL 1 DAY"); //~ sql/now
    query.value("(CURRENT_TIMESTAMP + interval '1 hour')"); //~ sql/now
    query.value("datetime('now', '-1 day')"); //~ sql/now
    query.value("(strftime('%s', 'now') * 1000)"); //~ sql/now
    query.set("updated_at = datetime('now')"); //~ sql/now
    query.set("done = ?1, updated_at = unixepoch('now')"); //~ sql/now
    query.set("done_at = COALESCE(done_at, now())"); //~ sql/now
    query.filter("owner = $1 AND due < now()"); //~ sql/now
    query.filter("now() > due"); //~ sql/now
    query.filter("due BETWEEN now() AND now() + interval '1 day'"); //~ sql/now sql/now
    query.filter("date(due) = CURRENT_DATE"); //~ sql/now
    query.filter("NOT EXISTS (SELECT 1 FROM runs WHERE runs.at > now())"); //~ sql/now
    query.join("LEFT JOIN runs ON runs.at < now()"); //~ sql/now
    query.from("FROM tasks WHERE due < now()"); //~ sql/now
    query.order("ORDER BY now() - created_at DESC"); //~ sql/now
    query.group("GROUP BY date_trunc('day', now() - created_at)"); //~ sql/now
    query.then("UNION ALL SELECT now()"); //~ sql/now
    query.case("CASE WHEN due < now() THEN 1 ELSE 0 END"); //~ sql/now
    query.check("CHECK (due > now())"); //~ sql/now
    query.conflict("DO UPDATE SET updated_at = now()"); //~ sql/now
    db.execute("CREATE POLICY fresh ON tasks USING (due > now())"); //~ sql/now
    db.execute_bytes(b"UPDATE tasks SET at = now()"); //~ sql/now
    db.execute_bytes(br#"INSERT INTO "tasks" (at) VALUES (now())"#); //~ sql/now
    db.execute_c(c"SELECT datetime('now')"); //~ sql/now
}
