-- Every engine's ways to ask the server for the time.
SELECT now(); --~ sql/now
SELECT NOW(6); --~ sql/now
SELECT CURRENT_TIMESTAMP; --~ sql/now
SELECT current_timestamp(3), current_date; --~ sql/now sql/now
SELECT CURRENT_TIME; --~ sql/now
SELECT localtime, LOCALTIMESTAMP(0); --~ sql/now sql/now
SELECT clock_timestamp(), statement_timestamp(); --~ sql/now sql/now
SELECT transaction_timestamp() AS t, timeofday(); --~ sql/now sql/now
SELECT pg_catalog.now(); --~ sql/now
SELECT GETDATE(), GETUTCDATE(); --~ sql/now sql/now
SELECT SYSDATETIME(), SYSUTCDATETIME(), SYSDATETIMEOFFSET(); --~ sql/now sql/now sql/now
SELECT SYSDATE FROM dual; --~ sql/now
SELECT systimestamp FROM dual; --~ sql/now
SELECT UTC_TIMESTAMP(), UTC_DATE(), UTC_TIME(3); --~ sql/now sql/now sql/now
SELECT CURDATE(), CURTIME(), UNIX_TIMESTAMP(); --~ sql/now sql/now sql/now
SELECT CURRENT TIMESTAMP FROM sysibm.sysdummy1; --~ sql/now
