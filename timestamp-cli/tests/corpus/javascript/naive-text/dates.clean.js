// A date alone is UTC by ECMA-262; an offset says the rest. new Date("2024-01-15T12:00:00")
const a = new Date("2024-01-15T12:00:00Z");
const b = new Date('2024-01-15T12:00:00+01:00');
const c = new Date(`2024-01-15`);
const d = Date.parse("2024-01-15T12:00:00.123Z");
const e = new Date("Mon, 15 Jan 2024 12:00:00 GMT");
const f = new Date(row.createdAtMs), g = new Date(text), h = new Date();
const i = new Date(`${day}T00:00:00Z`), j = new Date(day + "T00:00:00.000Z");
const k = new Date(`${day}T00:00:00${offset}`), l = new Date(day + "T00:00:00" + offset);
const text = 'new Date("2024-01-15T12:00:00")', label = "2024-01-15T12:00:00";
const pattern = /new Date\("2024-01-15T12:00:00"\)/;
const m = new MyDate("2024-01-15T12:00:00"), n = my.parse("2024-01-15T12:00:00");
const o = new Date("invalid"), p = new Date("");
