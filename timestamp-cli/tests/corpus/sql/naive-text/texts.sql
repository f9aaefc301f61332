SELECT '2024-01-15 12:00:00'::timestamptz; --~ sql/naive-text
SELECT '2024-01-15'::timestamp with time zone; --~ sql/naive-text
SELECT TIMESTAMPTZ '2024-01-15T12:00'; --~ sql/naive-text
SELECT timestamp with time zone '2024-01-15 12:00:00.5'; --~ sql/naive-text
SELECT CAST('2024-01-15 12:00:00' AS timestamptz); --~ sql/naive-text
SELECT to_timestamp('15 Jan 2024 12:00', 'DD Mon YYYY HH24:MI'); --~ sql/naive-text
SELECT to_timestamp(raw, 'YYYY-MM-DD HH24:MI:SS') FROM imports; --~ sql/naive-text
INSERT INTO tasks (at) VALUES ('2024-01-15 12:00:00'::timestamptz), ('2024-01-15 12:00:00Z'::timestamptz); --~ sql/naive-text
