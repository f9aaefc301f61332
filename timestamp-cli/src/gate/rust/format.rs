//! Patterns by which times are written as text: whether they say in which zone.

/// What a pattern writes of a time.
#[derive(Debug, Default, Clone, Copy)]
struct Parts {
    date: bool,
    time: bool,
    zone: bool,
}

impl Parts {
    fn lack_the_zone(self) -> bool {
        self.date && self.time && !self.zone
    }
}

/// Whether a pattern in the manner of `strftime` (chrono, jiff) writes a date and a time without their zone.
pub(crate) fn strftime_lacks_zone(pattern: &str) -> bool {
    let mut parts = Parts { zone: says_utc(pattern), ..Parts::default() };
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '%' {
            continue;
        }
        // Flags, widths and colons before the letter, as in `%-d`, `%.3f`, `%:z`.
        let Some(letter) = characters.find(|c| !matches!(c, '-' | '_' | '^' | '#' | ':' | '.') && !c.is_ascii_digit())
        else {
            break;
        };
        match letter {
            'Y' | 'y' | 'C' | 'G' | 'g' | 'm' | 'b' | 'B' | 'h' | 'd' | 'e' | 'j' | 'F' | 'D' | 'x' => {
                parts.date = true
            }
            'H' | 'k' | 'I' | 'l' | 'M' | 'R' | 'T' | 'X' | 'r' => parts.time = true,
            'c' | 'v' => (parts.date, parts.time) = (true, letter == 'c' || parts.time),
            'z' | 'Z' | 'Q' | '+' | 's' => parts.zone = true,
            _ => {}
        }
    }
    parts.lack_the_zone()
}

/// Whether a pattern of the `time` crate writes a date and a time without their zone.
pub(crate) fn description_lacks_zone(pattern: &str) -> bool {
    let mut parts = Parts::default();
    let mut between = String::new();
    let mut rest = pattern;
    while let Some(open) = rest.find('[') {
        between.push_str(rest.get(..open).unwrap_or_default());
        rest = rest.get(open + 1..).unwrap_or_default();
        let component = rest.split([']', ' ', '\n']).next().unwrap_or_default();
        match component {
            "year" | "month" | "day" | "ordinal" | "weekday" | "week_number" => parts.date = true,
            "hour" | "minute" | "second" => parts.time = true,
            "offset_hour" | "offset_minute" | "unix_timestamp" => parts.zone = true,
            _ => {}
        }
        rest = rest.find(']').and_then(|close| rest.get(close + 1..)).unwrap_or_default();
    }
    between.push_str(rest);
    parts.zone |= says_utc(&between);
    parts.lack_the_zone()
}

/// Whether plain text says that the time is in UTC.
fn says_utc(text: &str) -> bool {
    text.ends_with('Z') && !text.ends_with("%Z")
        || text.contains("UTC")
        || text.contains("GMT")
        || text.contains("+00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_time_need_a_zone() {
        for pattern in ["%Y-%m-%dT%H:%M:%S", "%F %T", "%d.%m.%Y %-H:%M", "%c", "%Y%m%d%H%M%S%.3f", "%Y-%m-%d %X"] {
            assert!(strftime_lacks_zone(pattern), "{pattern}");
        }
        for pattern in [
            "%Y-%m-%dT%H:%M:%SZ",
            "%F %T%:z",
            "%FT%T%.3f%z",
            "%Y-%m-%d",
            "%H:%M",
            "%+",
            "%a, %d %b %Y %T GMT",
            "%s",
            "100% sure",
        ] {
            assert!(!strftime_lacks_zone(pattern), "{pattern}");
        }
    }

    #[test]
    fn descriptions_of_the_time_crate_need_an_offset() {
        assert!(description_lacks_zone("[year]-[month]-[day] [hour]:[minute]:[second]"));
        assert!(description_lacks_zone("[day padding:none].[month repr:numerical].[year] [hour]:[minute]"));
        assert!(!description_lacks_zone("[year]-[month]-[day]T[hour]:[minute]:[second]Z"));
        assert!(!description_lacks_zone(
            "[year]-[month]-[day] [hour]:[minute] [offset_hour sign:mandatory]:[offset_minute]"
        ));
        assert!(!description_lacks_zone("[year]-[month]-[day]"));
        assert!(!description_lacks_zone("[ unterminated"));
    }
}
