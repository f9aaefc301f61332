SELECT datetime(at_ms / 1000, 'unixepoch') FROM tasks;
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', at_ms / 1000, 'unixepoch') FROM tasks;
SELECT 'localtime', upper('localtime') FROM tasks;
