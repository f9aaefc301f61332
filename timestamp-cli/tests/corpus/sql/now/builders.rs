// The server's clock, by the functions of libraries that write SQL.
use diesel::dsl::now;
use diesel::dsl::{self, now as server_time};
use sea_orm_migration::prelude::*;

fn calls(db: &mut Db) {
    diesel::update(tasks).set(updated_at.eq(diesel::dsl::now)); //~ sql/now
    diesel::update(tasks).set(updated_at.eq(now)); //~ sql/now
    tasks.filter(expires_at.lt(dsl::now)).load(db); //~ sql/now
    diesel::select(server_time).first(db); //~ sql/now
    ColumnDef::new(Task::At).timestamp_with_time_zone().default(Expr::current_timestamp()); //~ sql/now
    Query::update().value(Task::At, sea_orm::sea_query::Expr::current_timestamp()); //~ sql/now
    Query::update().value(Task::At, sea_query::Keyword::CurrentTimestamp); //~ sql/now
}
fn block() {
    use diesel::dsl::*;
    diesel::insert_into(tasks).values(created_at.eq(now)); //~ sql/now
}
