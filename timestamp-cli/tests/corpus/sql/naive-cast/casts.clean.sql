SELECT created_at::timestamptz, at::date, at::bigint FROM tasks;
SELECT CAST(created_at AS timestamp with time zone), CAST(at AS date) AS timestamp FROM tasks;
SELECT CONVERT(datetimeoffset, created_at), convert(name, 'UTF8', 'LATIN1') AS datetime FROM tasks;
SELECT * FROM tasks WHERE at > TIMESTAMPTZ '2024-01-15 12:00:00Z' AND day > DATE '2024-01-15';
-- What was stored without a zone gets one: the way out.
ALTER TABLE tasks ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC';
SELECT to_timestamp(at_ms / 1000.0) FROM tasks;
SELECT to_char(to_timestamp(at_ms / 1000.0), 'YYYY-MM-DD"T"HH24:MI:SSOF') FROM tasks;
SELECT (at::timestamptz), ($1) AT TIME ZONE 'utc' FROM tasks;
