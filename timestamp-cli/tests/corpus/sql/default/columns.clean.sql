CREATE TABLE tasks (
    id bigint PRIMARY KEY,
    title text NOT NULL DEFAULT 'now()',
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL DEFAULT 0,
    kind text DEFAULT 'today' CHECK (kind <> 'now'),
    due date
);
ALTER TABLE tasks ALTER COLUMN created_at DROP DEFAULT;
INSERT INTO tasks (id, created_at_ms) VALUES (DEFAULT, $1);
CREATE FUNCTION log(text text, at_ms bigint DEFAULT 0) RETURNS void LANGUAGE sql AS $$ SELECT 1 $$;
