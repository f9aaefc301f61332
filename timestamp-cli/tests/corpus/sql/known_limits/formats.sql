-- Text that is made without a zone: it may be for people, or for a group by hour.
SELECT to_char(at, 'YYYY-MM-DD HH24:MI:SS') FROM tasks; --~ sql/naive-cast
SELECT datetime(at_ms / 1000, 'unixepoch') FROM tasks; --~ sql/naive-cast
