// Pieces of SQL in strings and templates.
query.returning(raw("RETURNING now()")); //~ sql/now
const done = Prisma.sql`COALESCE(${doneAt}, now())`; //~ sql/now
query.where(raw('owner = $1 AND due < now()')); //~ sql/now
query.set(raw(`updated_at = datetime('now')`)); //~ sql/now
query.set(raw("now() - interval '1 day'")); //~ sql/now
