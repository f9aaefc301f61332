const a = new Date(2024, 0, 15); //~ javascript/local-components
const b = new Date(year, month - 1, day, 12, 0, 0); //~ javascript/local-components
const c: Date = new Date(now.getUTCFullYear(), now.getUTCMonth()); //~ javascript/local-components
const d = new window.Date(Number(parts[0]), 0); //~ javascript/local-components
const e = new Date(2024, 0, 15,).getTime(); //~ javascript/local-components
