CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    created_at_ms BIGINT NOT NULL,
    updated_at timestamptz,
    "timestamp" timestamp with time zone,
    seen TIMESTAMP(3) WITH TIME ZONE NOT NULL,
    local_at TIMESTAMP WITH LOCAL TIME ZONE,
    timestamp BIGINT NOT NULL,
    datetime TEXT CHECK (datetime <> '' OR timestamp > 0),
    opens TIME NOT NULL,
    born DATE,
    UNIQUE (id, timestamp),
    PRIMARY KEY (timestamp, datetime)
);
CREATE TABLE [dbo].[Tasks] ([timestamp] bigint NOT NULL, [CreatedAt] [datetimeoffset](3) NOT NULL);
CREATE INDEX by_time ON tasks (timestamp, datetime);
ALTER TABLE tasks ADD COLUMN timestamp bigint, DROP COLUMN datetime;
ALTER TABLE tasks RENAME COLUMN at TO timestamp;
ALTER TABLE tasks ADD COLUMN IF NOT EXISTS timestamp bigint AFTER timestamp;
SELECT timestamp, datetime, t.timestamp AS timestamp FROM tasks t ORDER BY timestamp, datetime;
SELECT id timestamp FROM tasks GROUP BY timestamp;
INSERT INTO tasks (id, timestamp) VALUES ($1, $2);
CREATE FUNCTION since(from_at timestamptz, timestamp bigint) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
BEGIN
    SELECT timestamp INTO started FROM tasks;
    RETURN started;
END $$;
CREATE TABLE copied AS SELECT id timestamp FROM tasks;
ALTER FUNCTION since(timestamp without time zone, timestamp, text) STABLE;
ALTER TABLE tasks ALTER at TYPE timestamptz;
ALTER TABLE tasks ALTER "at" SET DATA TYPE bigint USING 0;
ALTER ROLE tasks SET timezone TO 'UTC';
