// Columns and pieces of queries that a builder is told by methods and by texts of one call.
fn write() {
    ColumnDef::new(Task::At).timestamp().not_null(); //~ sql/naive-type
    Query::update().value(Task::At, Expr::cust("now()")); //~ sql/now
}
