// Pieces of SQL that are one word or begin with a type, and those that a function puts together.
const joined = "SELECT * FROM tasks WHERE at < " + "now()"; //~ sql/now
const column = "timestamp NOT NULL"; //~ sql/naive-type
table.timestamp("at", { useTz: false }).defaultTo(knex.fn.now()); //~ sql/naive-type sql/default
