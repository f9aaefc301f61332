SELECT datetime(at_ms / 1000, 'unixepoch', 'localtime') FROM tasks; --~ sql/local-time
SELECT strftime('%H:%M', at, 'localtime') FROM tasks; --~ sql/local-time
SELECT date('now', 'localtime'); --~ sql/now sql/local-time
SELECT FROM_UNIXTIME(at_ms / 1000), from_unixtime(at, '%Y') FROM tasks; --~ sql/local-time sql/local-time
SELECT julianday(at, 'LOCALTIME'), time(at, 'localtime') FROM tasks; --~ sql/local-time sql/local-time
