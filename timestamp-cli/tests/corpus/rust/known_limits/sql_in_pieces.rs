// SQL that is put together from pieces which are none by themselves.
fn read() {
    let sql = concat!("SELECT id FROM tasks WHERE at < ", "now()"); //~ sql/now
    let sql = "SELECT id FROM tasks WHERE at < ".to_owned() + "now()"; //~ sql/now
}
