INSERT INTO tasks (id, created_at) VALUES ($1, now()); --~ sql/now
INSERT INTO tasks (id, created_at_ms)
SELECT id, extract(epoch FROM clock_timestamp()) * 1000 FROM old_tasks; --~ sql/now
UPDATE tasks
   SET done = true,
       updated_at = CURRENT_TIMESTAMP --~ sql/now
 WHERE id = $1;
DELETE FROM sessions WHERE expires_at < now() - interval '30 days'; --~ sql/now
SELECT * FROM events WHERE at BETWEEN 'yesterday'::date AND 'today'::timestamptz; --~ sql/now sql/now
SELECT * FROM events WHERE at > timestamptz 'now'; --~ sql/now
SELECT DATE 'tomorrow', CAST('now' AS timestamp with time zone); --~ sql/now sql/now
MERGE INTO tasks t USING news n ON t.id = n.id WHEN MATCHED THEN UPDATE SET updated_at = GETDATE(); --~ sql/now
WITH late AS (SELECT id FROM tasks WHERE due < CURRENT_DATE) --~ sql/now
SELECT count(*) FROM late;
CREATE VIEW late AS SELECT * FROM tasks WHERE due < now(); --~ sql/now
INSERT INTO tasks (id, at) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET at = now(); --~ sql/now
CREATE INDEX recent ON tasks (at) WHERE at > '2024-01-01Z' AND at < now(); --~ sql/now
CREATE POLICY fresh ON tasks USING (expires_at > now()); --~ sql/now
