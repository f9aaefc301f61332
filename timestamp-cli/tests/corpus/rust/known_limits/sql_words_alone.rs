// SQL of one word, a list of values or a `WHEN` alone, and columns that read like English.
fn write(query: &mut Query) {
    query.value(Task::At, raw("now()")); //~ sql/now
    query.value(Task::At, raw("CURRENT_TIMESTAMP")); //~ sql/now
    query.column("at timestamp"); //~ sql/naive-type
    query.values("(?1, now())"); //~ sql/now
    query.when("WHEN due < now() THEN 1"); //~ sql/now
}
