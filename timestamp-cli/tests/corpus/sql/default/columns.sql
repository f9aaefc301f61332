CREATE TABLE tasks (
    id bigint PRIMARY KEY,
    title text NOT NULL DEFAULT 'now()',
    created_at timestamptz NOT NULL DEFAULT now(), --~ sql/default
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL, --~ sql/default
    seen_at timestamptz DEFAULT (clock_timestamp()), --~ sql/default
    day date DEFAULT CURRENT_DATE CHECK (day > '2000-01-01'), --~ sql/default
    at_ms bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint --~ sql/default
);
ALTER TABLE tasks ADD COLUMN done_at timestamptz DEFAULT now(); --~ sql/default
ALTER TABLE tasks ALTER COLUMN created_at SET DEFAULT statement_timestamp(); --~ sql/default
ALTER TABLE tasks ADD COLUMN at timestamptz DEFAULT 'now'::timestamptz; --~ sql/default
CREATE TABLE notes (
    created_at TEXT NOT NULL DEFAULT (datetime('now')), --~ sql/default
    created_at_ms INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER) * 1000), --~ sql/default
    updated_at INTEGER DEFAULT (unixepoch()) --~ sql/default
) STRICT;
CREATE FUNCTION log(text text, at timestamptz DEFAULT now()) RETURNS void LANGUAGE sql AS $$ SELECT 1 $$; --~ sql/default
CREATE TABLE dbo.runs (at datetimeoffset NOT NULL CONSTRAINT df_at DEFAULT (sysdatetimeoffset())); --~ sql/default
CREATE DOMAIN stamped AS timestamptz DEFAULT now(); --~ sql/default
