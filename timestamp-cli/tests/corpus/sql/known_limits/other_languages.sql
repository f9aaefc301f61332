-- Bodies of functions in other languages than SQL and PL/pgSQL.
CREATE FUNCTION stamp() RETURNS text LANGUAGE plpython3u AS $$
    return datetime.datetime.now().isoformat() --~ rust/other-clock
$$;
CREATE FUNCTION stamp_js() RETURNS text AS $$ return new Date().toISOString(); $$ LANGUAGE plv8; --~ rust/other-clock
