INSERT INTO tasks (id, created_at_ms) VALUES ($1, $2);
UPDATE tasks SET done = true, updated_at_ms = $2 WHERE id = $1;
DELETE FROM sessions WHERE expires_at_ms < $1 - 30 * 86400000::bigint;
SELECT * FROM events WHERE at_ms BETWEEN $1 AND $2;
SELECT DATE '2024-01-15', CAST('2024-01-15' AS date);
WITH late AS (SELECT id FROM tasks WHERE due_ms < :now) SELECT count(*) FROM late;
INSERT INTO notes (text) VALUES ($$ call now() at CURRENT_TIMESTAMP $$), ('today'), ('yesterday');
COMMENT ON COLUMN tasks.created_at_ms IS 'written by the application, never by now()';
