import moment from "moment";
const a: Moment = moment("2024-01-15 12:00"); //~ javascript/naive-text
const b = moment("2024-01-15"); //~ javascript/naive-text
const c = moment("15.01.2024", "DD.MM.YYYY"); //~ javascript/naive-text
const d = dayjs('2024-01-15T12:00:00').add(1, "day"); //~ javascript/naive-text
const e = parseISO("2024-01-15"); //~ javascript/naive-text
const f = DateTime.fromISO("2024-01-15T12:00"); //~ javascript/naive-text
const g = DateTime.fromSQL("2024-01-15 12:00:00"); //~ javascript/naive-text
