//! What is no SQL, or asks nobody for the time. now()

fn queries(db: &Db, table: &str) {
    db.execute("UPDATE tasks SET done = 1, at_ms = ?2 WHERE id = ?1");
    db.execute(&format!("DELETE FROM {table} WHERE at_ms < {}", limit));
    db.execute("SELECT 'now()', \"CURRENT_TIMESTAMP\", now FROM tasks -- now()");
    println!("update now() and then go on");
    println!("select a timestamp");
    println!("Select now() to see, or CURRENT_TIME if you must");
    println!("Insert into the table what now() gave");
    println!("Delete from now() on, before CURRENT_DATE");
    println!("Create table: now() is refused as a DEFAULT");
    println!("with now() as the clock");
    println!("Alter the DATETIME, then call now()");
    println!("Replace `now()` by a parameter");
    println!("and now() is called; or CURRENT_TIMESTAMP is");
    println!("values (now() and others) are refused");
    println!("set now() = later");
    println!("where now() stands");
    println!("Explain to users why now() is refused");
    println!("Select the row with now() in it. Then go on.");
    println!("Merge into main now()");
    println!("Call now() or CURRENT_TIMESTAMP");
    println!("now()");
    println!("CURRENT_TIMESTAMP");
    println!("{table} and now()");
    println!("{table} now()");
    sets.push("updated_at = $2");
    query.push(", updated_at = ? WHERE id = ");
    let upsert = "ON CONFLICT (id) DO UPDATE SET at = excluded.at";
    println!("set updated_at = now() by hand, or updated_at = now() in code");
    println!("updated_at = now() is what a trigger would say");
}
