SELECT '2024-01-15T12:00:00Z'::timestamptz, '2024-01-15 12:00:00+00'::timestamptz;
SELECT TIMESTAMPTZ '2024-01-15T12:00:00.000Z', '2024-01-15'::date, DATE '2024-01-15';
SELECT CAST('2024-01-15 12:00:00 UTC' AS timestamptz), CAST($1 AS timestamptz);
SELECT to_timestamp(1705320000), to_timestamp(raw, 'YYYY-MM-DD HH24:MI:SSOF') FROM imports;
SELECT '2024-01-15 12:00:00' AS label, 'infinity'::timestamptz;
