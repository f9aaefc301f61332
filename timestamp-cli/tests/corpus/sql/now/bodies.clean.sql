CREATE OR REPLACE FUNCTION expire(now_ms bigint) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    -- no now() in here
    DELETE FROM sessions WHERE at_ms < now_ms - 86400000;
    RAISE NOTICE 'deleted before now()';
    EXECUTE 'UPDATE runs SET at_ms = $1' USING now_ms;
END;
$body$;
CREATE FUNCTION note() RETURNS text LANGUAGE sql AS 'SELECT ''now()''';
INSERT INTO docs (text) VALUES ('SELECT now()'), ($$the function now()$$);
