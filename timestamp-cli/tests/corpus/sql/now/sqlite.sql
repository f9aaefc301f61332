-- SQLite asks the time where 'now' is an argument, and where none is given.
SELECT datetime('now'); --~ sql/now
SELECT date('now', '+1 day'), time('NOW'); --~ sql/now sql/now
SELECT julianday('now') - julianday(created_at) FROM tasks; --~ sql/now
SELECT unixepoch(), unixepoch('now', 'subsec'); --~ sql/now sql/now
SELECT strftime('%s', 'now') * 1000; --~ sql/now
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now'); --~ sql/now
SELECT CAST(strftime('%s', 'now') AS INTEGER); --~ sql/now
SELECT strftime('%s'); --~ sql/now
SELECT datetime(), date(); --~ sql/now sql/now
SELECT datetime("now"); --~ sql/now
SELECT unixepoch('subsec') * 1000; --~ sql/now
SELECT timediff('now', created_at) FROM tasks; --~ sql/now
UPDATE tasks SET updated_at = (julianday('now') - 2440587.5) * 86400000; --~ sql/now
