// Texts that do not say in which zone.
const PATTERN: &str = "%Y-%m-%d %H:%M:%S";

fn calls(at: DateTime<Utc>) {
    at.format("%Y-%m-%d %H:%M:%S").to_string(); //~ rust/format-without-zone
    at.format("%Y-%m-%dT%H:%M:%S%.3f"); //~ rust/format-without-zone
    at.format("%F %T"); //~ rust/format-without-zone
    at.format("%d.%m.%Y, %H:%M Uhr"); //~ rust/format-without-zone
    at.format("%c"); //~ rust/format-without-zone
    at.format(PATTERN); //~ rust/format-without-zone
    at.strftime("%Y%m%d%H%M%S"); //~ rust/format-without-zone
    at.format_localized("%A, %d. %B %Y %H:%M", Locale::de_CH); //~ rust/format-without-zone
    jiff::fmt::strtime::format("%Y-%m-%d %H:%M", &at); //~ rust/format-without-zone
    clock.now().to_utc().format("%FT%T"); //~ rust/format-without-zone
    println!("{}", at.format("%Y/%m/%d %R")); //~ rust/format-without-zone
    own!(=> at.format("%F %T")); //~ rust/format-without-zone
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"); //~ rust/format-without-zone
    time::macros::format_description!(version = 2, "[day].[month].[year] [hour]:[minute]"); //~ rust/format-without-zone
    format_description::parse("[year][month][day][hour][minute][second]"); //~ rust/format-without-zone
    time::format_description::parse_borrowed::<2>("[year]-[month]-[day]T[hour]:[minute]"); //~ rust/format-without-zone
}

static LINE: &str = "%Y-%m-%d %H:%M";

fn line(at: DateTime<Utc>) {
    at.format(LINE); //~ rust/format-without-zone
    at.format(&LINE); //~ rust/format-without-zone
}
