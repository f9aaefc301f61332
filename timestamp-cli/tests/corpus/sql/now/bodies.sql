-- Bodies of functions are code, whatever quotes they stand in.
CREATE OR REPLACE FUNCTION expire() RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    limit_at timestamptz := now() - interval '1 day'; --~ sql/now
BEGIN
    IF limit_at < clock_timestamp() THEN --~ sql/now
        DELETE FROM sessions WHERE at < limit_at;
    END IF;
    EXECUTE 'UPDATE runs SET at = now()'; --~ sql/now
    EXECUTE format('DELETE FROM %I WHERE at < current_timestamp', 'sessions'); --~ sql/now
END;
$body$;
CREATE FUNCTION stamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'; --~ sql/now
CREATE FUNCTION stamp_text() RETURNS text LANGUAGE sql AS 'SELECT ''at '' || strftime(''%s'', ''now'')'; --~ sql/now
DO $$ BEGIN PERFORM pg_sleep(1); RAISE NOTICE 'it''s %', now(); END $$; --~ sql/now
DO LANGUAGE plpgsql $$ BEGIN UPDATE t SET at = now(); END $$; --~ sql/now
SELECT cron.schedule('nightly', '0 3 * * *', $$DELETE FROM sessions WHERE at < now()$$); --~ sql/now
CREATE PROCEDURE touch_all() BEGIN UPDATE a SET x = NOW(); UPDATE b SET x = 1; END; --~ sql/now
SELECT now(); --~ sql/now
