// Texts that do; dates and times of day alone; and formats of other things.
const PATTERN: &str = "%Y-%m-%dT%H:%M:%SZ";
const READ: &str = "%Y-%m-%d %H:%M:%S";

fn calls(at: DateTime<Utc>) {
    at.format("%Y-%m-%dT%H:%M:%SZ");
    at.format("%F %T%:z");
    at.format("%+");
    at.format("%a, %d %b %Y %H:%M:%S GMT");
    at.format("%Y-%m-%d");
    at.format("%H:%M");
    at.format(PATTERN);
    at.strftime("%FT%T%z");
    NaiveDateTime::parse_from_str(text, READ);
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    format_description!("[year]-[month]-[day] [hour]:[minute] [offset_hour sign:mandatory]");
    format_description!("[year]-[month]-[day]");
    table.format("%-20s");
    println!("%Y-%m-%d %H:%M:%S");
}

static LINE: &str = "%Y-%m-%d %H:%MZ";

fn line(at: DateTime<Utc>) {
    at.format(LINE);
    at.format(&LINE);
}
