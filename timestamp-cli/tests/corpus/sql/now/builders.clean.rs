// Times that are handed in, and variables that happen to be called `now`.
use diesel::dsl;
use sea_orm_migration::prelude::*;

fn calls(db: &mut Db, clock: &Clock) {
    let now = clock.now();
    diesel::update(tasks).set(updated_at.eq(now)).execute(db);
    tasks.filter(expires_at.lt(now)).order(dsl::count(id)).load(db);
    ColumnDef::new(Task::At).big_integer().not_null();
    Query::update().value(Task::At, Expr::val(now.as_millis()));
}
fn parameter(now: i64) {
    tasks.filter(at.lt(now));
}
