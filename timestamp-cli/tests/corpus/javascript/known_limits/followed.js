// Nothing is followed from where it is made to where it is used, and no type is known.
const text = "2024-01-15T12:00:00";
const at = new Date(text); //~ javascript/naive-text
const joined = new Date("2024-01-15" + "T" + "12:00:00"); //~ javascript/naive-text
const parts = new Date(`${day}T${hour}:00`); //~ javascript/naive-text
const shown = due.toLocaleString();
res.json({ shown }); //~ javascript/local-sent
res.json({ at: task.due.toLocaleString(), text: String(new Date()), template: `${new Date()}` }); //~ javascript/local-sent javascript/local-sent javascript/local-sent
res.json({ at: new Intl.DateTimeFormat("de").format(due) }); //~ javascript/local-sent
const other = customParse("2024-01-15 12:00"); //~ javascript/naive-text
const { parse } = Date;
parse("2024-01-15 12:00"); //~ javascript/naive-text
now.setHours(0, 0, 0, 0); //~ javascript/local-components
