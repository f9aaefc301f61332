//! Pieces of SQL that do not begin like a statement or a condition.

fn pieces() {
    let set = "updated_at = now()"; //~ sql/now
    let until = "clock_timestamp() + $3 * interval '1 millisecond'"; //~ sql/now
    let column = "at DATETIME DEFAULT CURRENT_TIMESTAMP"; //~ sql/naive-type sql/default
    let cte = "late AS (SELECT id FROM tasks WHERE due < now())"; //~ sql/now
    let joined = ["SELECT id FROM tasks WHERE due < ", "now()"].concat(); //~ sql/now
}
