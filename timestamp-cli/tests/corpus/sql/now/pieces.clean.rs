//! English that begins like a piece of SQL, and pieces of SQL that ask nobody for the time.

fn pieces(query: &mut Query, db: &Db) {
    query.push(" RETURNING $1");
    query.push("RETURNING id, stored_at_ms AS now");
    query.column("COALESCE(done_at_ms, ?1)");
    query.column("date_trunc('day', to_timestamp($1 / 1000.0))");
    query.set("updated_at_ms = ?2");
    query.filter("owner = $1 AND due_ms < $2");
    query.filter("due_ms BETWEEN ?1 AND ?2");
    query.join("LEFT JOIN runs ON runs.at_ms < $1");
    query.order("ORDER BY $1 - created_at_ms DESC");
    db.execute_bytes(b"UPDATE tasks SET at_ms = ?1");
    db.execute_c(c"SELECT ?1");
    println!("Select now() or later");
    println!("select now() or later");
    println!("Select CURRENT_DATE and CURRENT_TIME, or none");
    println!("Select now() please");
    println!("Returning now()");
    println!("returning now() to whoever asked");
    println!("returning now(), which is late");
    println!("Default now()");
    println!("defaults to now()");
    println!("From now() on, where it matters");
    println!("from tasks that join now() and others where = stands");
    println!("order by now() and go");
    println!("Group by CURRENT_DATE");
    println!("now() - the time of the server");
    println!("now() + 5");
    println!("now() > then, and then() > now()");
    println!("coalesce now() and later");
    println!("COALESCE takes now() or the first that is not null");
    println!("case of now() when it is late");
    println!("check now() before the end");
    println!("union all of now() and later");
    println!("left join now()");
    println!("not null, and now() is none");
    println!("time() and date() are not called");
    println!("x = foo(now() and then)");
    println!("start = time()");
    println!("{name} = now() in {zone}");
    println!("updated_at = now() or later");
    println!("CHECK (now() is late)");
    db.write(b"now() and then");
    db.write(b"\xff\xfe\x00");
}
