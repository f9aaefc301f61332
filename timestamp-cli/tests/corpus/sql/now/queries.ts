await db.query("SELECT * FROM tasks WHERE due < now()"); //~ sql/now
await db.query('UPDATE tasks SET done = true, at = CURRENT_TIMESTAMP WHERE id = $1', [id]); //~ sql/now
await sql`DELETE FROM sessions WHERE at < now() - interval '1 day' AND user_id = ${user.id}`; //~ sql/now
await sql`
  INSERT INTO ${table} (id, note, at)
  VALUES (${id}, 'it''s ${note}', clock_timestamp()) --~ sql/now
  ON CONFLICT (id) DO UPDATE SET at = now() --~ sql/now
`;
await db.exec("INSERT INTO \"tasks\" (at) VALUES (datetime('now'))"); //~ sql/now
await db.exec('INSERT INTO tasks (at)\nVALUES (datetime(\'now\'))'); //~ sql/now
const rows = await knex.raw("select id from tasks where at > current_date"); //~ sql/now
await db.exec("WITH late AS (SELECT 1 WHERE 2 < unixepoch()) SELECT * FROM late"); //~ sql/now
query += " WHERE expires_at < now()"; //~ sql/now
query += " AND expires_at < now()"; //~ sql/now
await db.exec("BEGIN; UPDATE tasks SET at = now(); COMMIT"); //~ sql/now
await db.query(`SELECT ${columns.map((column) => `t.${column}`)} FROM tasks t WHERE t.at < now()`); //~ sql/now
const piece = "updated_at = now()"; //~ sql/now
const late = builder.where(raw("at < now()")); //~ sql/now
