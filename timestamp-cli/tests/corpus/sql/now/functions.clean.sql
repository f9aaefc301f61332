-- Names that look like it: columns, variables, functions of one's own, strings, comments. now()
SELECT now, t.current_date, t.localtime FROM ticks AS t;
SELECT "now", "current_timestamp" FROM ticks;
SELECT clock.now(), known(), nowadays() FROM ticks;
SELECT $1::bigint AS now_ms, :now, @now, ?;
SELECT 'now()', 'CURRENT_TIMESTAMP', 'it''s now()';
SELECT unix_timestamp(created_at), now(tz) FROM ticks; /* NOW() */
SELECT x AS now, y AS sysdate FROM ticks WHERE sysdate = 3;
CREATE FUNCTION now() RETURNS bigint LANGUAGE sql AS $$ SELECT 0 $$;
DROP FUNCTION now();
SELECT sum(x) OVER (ORDER BY y ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM ticks;
