\set ON_ERROR_STOP on
\echo it's now() and CURRENT_TIMESTAMP
COPY notes (text) FROM stdin;
now()	CURRENT_TIMESTAMP
\.
{# now() #}
SELECT {{ column }} FROM {{ ref('tasks') }} WHERE at_ms < {{ now_ms }};
