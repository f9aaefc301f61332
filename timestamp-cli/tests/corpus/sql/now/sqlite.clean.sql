SELECT datetime(created_at_ms / 1000, 'unixepoch') FROM tasks;
SELECT date(?1, '+1 day'), time(:at), julianday(created_at) FROM tasks;
SELECT unixepoch('2024-01-15T12:00:00Z'), strftime('%s', created_at) FROM tasks;
SELECT datetime('2024-01-15T12:00:00Z'), 'now', upper('now') FROM tasks;
UPDATE tasks SET updated_at_ms = ?1 WHERE id = ?2;
