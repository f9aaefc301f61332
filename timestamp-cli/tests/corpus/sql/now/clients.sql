\set ON_ERROR_STOP on
\echo it's time to migrate
\if :{?late}
SELECT now(); --~ sql/now
\endif
COPY notes (text) FROM stdin;
it's now()	\N
\N	"
\.
SELECT CURRENT_TIMESTAMP; --~ sql/now
{# it's a template, and now() stands in a comment of it #}
SELECT {{ column }} FROM {{ ref('tasks') }} WHERE at < now(); --~ sql/now
DELETE FROM ${schema}.tasks WHERE at < now(); --~ sql/now
