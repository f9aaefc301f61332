//! `--clippy`: the same bans for clippy, which sees types where the gate sees names.

use crate::gate::rule::Rule;
use crate::gate::rust::rules;

/// A path as clippy knows it.
struct Banned {
    path: &'static str,
    rule: &'static Rule,
}

const fn banned(path: &'static str, rule: &'static Rule) -> Banned {
    Banned { path, rule }
}

static METHODS: &[Banned] = &[
    banned("std::time::SystemTime::now", &rules::SYSTEM_TIME),
    banned("std::time::SystemTime::elapsed", &rules::SYSTEM_TIME),
    banned("time::OffsetDateTime::now_utc", &rules::TIME_NOW),
    banned("time::UtcDateTime::now", &rules::TIME_NOW),
    banned("time::Timestamp::now", &rules::TIME_NOW),
    banned("time::OffsetDateTime::now_local", &rules::LOCAL_TIME),
    banned("time::UtcOffset::current_local_offset", &rules::LOCAL_TIME),
    banned("time::UtcOffset::local_offset_at", &rules::LOCAL_TIME),
    banned("chrono::Utc::now", &rules::CHRONO_NOW),
    banned("chrono::Utc::today", &rules::CHRONO_NOW),
    banned("chrono::Local::now", &rules::LOCAL_TIME),
    banned("chrono::Local::today", &rules::LOCAL_TIME),
    banned("chrono::DateTime::naive_utc", &rules::MADE_NAIVE),
    banned("chrono::DateTime::naive_local", &rules::MADE_NAIVE),
    banned("jiff::Timestamp::now", &rules::JIFF_NOW),
    banned("jiff::Zoned::now", &rules::LOCAL_TIME),
    banned("jiff::ZonedDateTime::now", &rules::LOCAL_TIME),
    banned("jiff::tz::TimeZone::system", &rules::LOCAL_TIME),
    banned("jiff::tz::TimeZone::try_system", &rules::LOCAL_TIME),
    banned("libc::time", &rules::SYSTEM_CALL),
    banned("libc::gettimeofday", &rules::SYSTEM_CALL),
    banned("libc::localtime", &rules::LOCAL_TIME),
    banned("libc::localtime_r", &rules::LOCAL_TIME),
    banned("libc::mktime", &rules::LOCAL_TIME),
];

static TYPES: &[Banned] = &[
    banned("chrono::Local", &rules::LOCAL_TIME),
    banned("chrono::NaiveDateTime", &rules::NAIVE_TYPE),
    banned("time::PrimitiveDateTime", &rules::NAIVE_TYPE),
    banned("time::PlainDateTime", &rules::NAIVE_TYPE),
    banned("jiff::civil::DateTime", &rules::NAIVE_TYPE),
];

/// Returns what belongs into `clippy.toml`.
pub(crate) fn lists() -> String {
    let mut lists =
        String::from("# Made by `timestamp gate --clippy`. `allow-invalid`: not every project has every crate.\n");
    for (name, banned) in [("disallowed-methods", METHODS), ("disallowed-types", TYPES)] {
        lists.push_str(&format!("{name} = [\n"));
        for Banned { path, rule } in banned {
            let reason = toml::Value::from(format!("{}; instead: {}", rule.reason, rule.instead));
            lists.push_str(&format!("  {{ path = \"{path}\", reason = {reason}, allow-invalid = true }},\n"));
        }
        lists.push_str("]\n");
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::rust::watched::{PATHS, Where};

    #[test]
    fn lists_are_toml_and_ban_what_the_gate_refuses() {
        let lists: toml::Table = lists().parse().unwrap();
        for name in ["disallowed-methods", "disallowed-types"] {
            for entry in lists[name].as_array().unwrap() {
                let path = entry["path"].as_str().unwrap();
                let is_watched = PATHS.iter().any(|watched| watched.is(path)) || path.contains("::DateTime::naive_");
                assert!(is_watched, "{path}");
            }
        }
    }

    #[test]
    fn every_path_of_the_usual_crates_is_listed() {
        for watched in PATHS.iter().filter(|watched| watched.place != Where::NamedAsInstant) {
            let usual = ["std", "time", "chrono", "jiff"].contains(&watched.crates[0])
                && !watched.end.starts_with("UNIX_EPOCH");
            let is_listed = METHODS.iter().chain(TYPES).any(|banned| watched.is(banned.path));
            assert!(is_listed || !usual, "{}", watched.end);
        }
    }
}
