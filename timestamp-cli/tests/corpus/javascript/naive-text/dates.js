const a = new Date("2024-01-15T12:00:00"); //~ javascript/naive-text
const b = new Date('2024-01-15 12:00:00'); //~ javascript/naive-text
const c = new Date(`2024-01-15T12:00`); //~ javascript/naive-text
const d = Date.parse("2024-01-15T12:00:00.123"); //~ javascript/naive-text
const e = new Date("2024/01/15"); //~ javascript/naive-text
const f = new Date("01/15/2024 12:00"); //~ javascript/naive-text
const g = new Date("Jan 15, 2024"); //~ javascript/naive-text
const h = Date.parse('15 January 2024 12:00:00'); //~ javascript/naive-text
const i = new globalThis.Date("2024-01-15T12:00:00"); //~ javascript/naive-text
const j = new Date(day + "T00:00:00"); //~ javascript/naive-text
const k = new Date(`${day}T00:00:00`); //~ javascript/naive-text
const l = new Date(`${row.day} 23:59:59.999`); //~ javascript/naive-text
const m = rows.map((row) => new Date(row.day + 'T12:00')); //~ javascript/naive-text
if (new Date(
  "2024-01-15T12:00:00", //~^ javascript/naive-text
) > limit) stop();
