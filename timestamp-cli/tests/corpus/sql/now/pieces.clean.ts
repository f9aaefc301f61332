// Pieces that ask nobody, and English.
query.returning(raw("RETURNING $1"));
const done = Prisma.sql`COALESCE(${doneAt}, ${now})`;
query.where(raw('owner = $1 AND due_ms < $2'));
console.log("Returning now()");
console.log(`start = Instant::now(); ${name}`);
console.log("Select now() or later");
