CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    created_at TIMESTAMP NOT NULL, --~ sql/naive-type
    updated_at timestamp(3) without time zone, --~ sql/naive-type
    "done at" timestamp without time zone NULL, --~ sql/naive-type
    timestamp timestamp, --~ sql/naive-type
    seen timestamp[] DEFAULT '{}', --~ sql/naive-type
    deleted_at DATETIME, --~ sql/naive-type
    at TIMESTAMP_NTZ --~ sql/naive-type
);
CREATE TABLE [dbo].[Tasks] (
    [Id] int NOT NULL,
    [CreatedAt] [datetime2](7) NOT NULL, --~ sql/naive-type
    [UpdatedAt] datetime2(3), --~ sql/naive-type
    [SeenAt] smalldatetime NULL --~ sql/naive-type
);
ALTER TABLE tasks ADD COLUMN archived_at timestamp; --~ sql/naive-type
ALTER TABLE tasks ADD parked_at DATETIME NULL, ADD COLUMN x int; --~ sql/naive-type
ALTER TABLE tasks ALTER COLUMN created_at TYPE timestamp USING created_at; --~ sql/naive-type
ALTER TABLE tasks ALTER COLUMN created_at SET DATA TYPE TIMESTAMP(6); --~ sql/naive-type
ALTER TABLE tasks MODIFY COLUMN created_at DATETIME(3), CHANGE a b DATETIME; --~ sql/naive-type sql/naive-type
CREATE TYPE span AS (since timestamp, until timestamptz); --~ sql/naive-type
CREATE DOMAIN moment AS timestamp; --~ sql/naive-type
CREATE FUNCTION since(from_at timestamp, timestamp, OUT x int) RETURNS timestamp LANGUAGE plpgsql AS $$ --~ sql/naive-type sql/naive-type sql/naive-type
DECLARE
    started timestamp; --~ sql/naive-type
    ended CONSTANT timestamp without time zone := from_at; --~ sql/naive-type
BEGIN
    RETURN started;
END $$;
DECLARE @started DATETIME; --~ sql/naive-type
ALTER TABLE tasks ALTER at TYPE timestamp; --~ sql/naive-type
ALTER TABLE tasks ALTER "at" SET DATA TYPE timestamp USING at::timestamptz; --~ sql/naive-type
ALTER TABLE tasks ALTER a SET DEFAULT 0, ADD b timestamp; --~ sql/naive-type
