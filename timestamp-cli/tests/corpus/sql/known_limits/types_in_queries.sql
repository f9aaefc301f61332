-- A type after a name in a query could as well be another name for the column.
SELECT * FROM json_to_recordset($1) AS rows (id int, at timestamp); --~ sql/naive-type
SELECT * FROM xmltable('/rows/row' PASSING $1 COLUMNS at timestamp PATH '@at'); --~ sql/naive-type
