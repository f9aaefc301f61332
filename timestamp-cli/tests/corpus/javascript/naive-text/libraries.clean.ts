import moment from "moment";
const a: Moment = moment.utc("2024-01-15 12:00");
const b = moment("2024-01-15T00:00:00Z"), c = moment(), d = moment(row.at);
const e = dayjs.utc('2024-01-15T12:00:00'), f = dayjs(1705320000000);
const g = parseISO("2024-01-15T12:00:00+01:00"), h = this.parseISO("2024-01-15");
const i = DateTime.fromISO("2024-01-15T12:00", { zone: "utc" });
const j = DateTime.fromSQL(text), k = Other.fromISO("2024-01-15");
function moment2(text = "2024-01-15 12:00") {}
