-- Text without an offset that a column or a parameter turns into an instant, by the time zone of the session.
INSERT INTO tasks (at) VALUES ('2024-01-15 12:00:00'); --~ sql/naive-text
SELECT UNIX_TIMESTAMP('2024-01-15 12:00:00'), UNIX_TIMESTAMP(at) FROM tasks; --~ sql/naive-text sql/naive-text
SET TIME ZONE 'Europe/Berlin'; --~ sql/local-time
