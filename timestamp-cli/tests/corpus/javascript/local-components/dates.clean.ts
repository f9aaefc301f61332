const a = new Date(Date.UTC(2024, 0, 15));
const b = new Date(Math.max(first, second));
const c = new Date([1705320000000, 0][0]), d = new Date({ a, b }.a), e = new Date(...parts);
const f = new Date(1705320000000,);
const g = new Range(2024, 0, 15), h = Date.UTC(2024, 0), text = "new Date(2024, 0)";
const i: Map<Date, number> = new Map<Date, number>();
