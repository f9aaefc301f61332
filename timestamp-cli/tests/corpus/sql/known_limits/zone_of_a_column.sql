-- AT TIME ZONE takes the zone off a timestamptz and gives one to a timestamp: the type of a column is not known here.
SELECT created_at AT TIME ZONE 'UTC' FROM tasks; --~ sql/naive-cast
SELECT date_trunc('day', created_at) AT TIME ZONE 'UTC' FROM tasks; --~ sql/naive-cast
