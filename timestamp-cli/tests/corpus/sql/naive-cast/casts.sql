SELECT created_at::timestamp FROM tasks; --~ sql/naive-cast
SELECT created_at::timestamp(0) without time zone FROM tasks; --~ sql/naive-cast
SELECT CAST(created_at AS timestamp) FROM tasks; --~ sql/naive-cast
SELECT try_cast(created_at AS DATETIME2(3)) FROM tasks; --~ sql/naive-cast
SELECT CONVERT(datetime, created_at), CONVERT(created_at, DATETIME) FROM tasks; --~ sql/naive-cast sql/naive-cast
SELECT * FROM tasks WHERE at > TIMESTAMP '2024-01-15 12:00:00'; --~ sql/naive-cast
SELECT now() AT TIME ZONE 'utc'; --~ sql/now sql/naive-cast
SELECT (now() AT TIME ZONE 'utc')::timestamptz; --~ sql/now sql/naive-cast
SELECT timezone('utc', now()); --~ sql/now sql/naive-cast
SELECT to_timestamp(at_ms / 1000.0) AT TIME ZONE 'Europe/Berlin' FROM tasks; --~ sql/naive-cast
SELECT at::timestamptz AT TIME ZONE $1, (at)::timestamp with time zone AT TIME ZONE 'UTC' FROM tasks; --~ sql/naive-cast sql/naive-cast
SELECT CAST(at AS timestamptz) AT TIME ZONE 'UTC' FROM tasks; --~ sql/naive-cast
SELECT timestamptz '2024-01-15T12:00:00Z' AT TIME ZONE 'UTC'; --~ sql/naive-cast
CREATE TABLE t (at timestamptz, day date GENERATED ALWAYS AS ((at::timestamp)::date) STORED); --~ sql/naive-cast
SELECT (at::timestamptz) AT TIME ZONE 'utc', (now()) AT TIME ZONE 'utc' FROM tasks; --~ sql/naive-cast sql/now sql/naive-cast
