//! The paths that are watched: which crate they come from, and which rule they break.
//!
//! A path is told by its crate and its end: `chrono::Utc`, `chrono::offset::Utc` and `chrono::prelude::Utc` are one type.
//! A crate may stand in the middle, since others hand it on: `sqlx::types::chrono::Utc`.

use crate::gate::rule::Rule;
use crate::gate::rust::rules;
use crate::gate::sql;

/// Where a path has to stand to break its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// Anywhere: a call, a function pointer, a type.
    Anywhere,
    /// As the type of a field, a parameter, a result, an alias, a constant.
    InSignature,
    /// The same, where the name beside it says when something happened, such as `created_at`.
    NamedAsInstant,
}

/// A path that breaks a rule.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// The crates that have it.
    pub(crate) crates: &'static [&'static str],
    /// How it ends.
    pub(crate) end: &'static str,
    pub(crate) place: Where,
    pub(crate) rule: &'static Rule,
    /// Whether the end alone tells it, where nobody knows where the name comes from.
    pub(crate) distinctive: bool,
    /// Whether the project bans it by its configuration; then it may be an item of the project.
    pub(crate) own: bool,
}

const STD: &[&str] = &["std", "web_time", "instant", "wasmtimer"];
const TIME: &[&str] = &["time"];
const CHRONO: &[&str] = &["chrono"];
const JIFF: &[&str] = &["jiff"];
/// Those that hand on the functions of the C library, or of the kernel.
const C: &[&str] = &["libc", "nix", "rustix"];
/// Those that write SQL, under the names by which they are used.
const SEA: &[&str] = &["sea_orm", "sea_query", "sea_orm_migration"];
const WINDOWS: &[&str] = &["windows_sys", "windows", "winapi"];

const fn anywhere(crates: &'static [&'static str], end: &'static str, rule: &'static Rule) -> Watched {
    Watched { crates, end, place: Where::Anywhere, rule, distinctive: true, own: false }
}

/// A path whose end other code may well use for something else.
const fn only_from(crates: &'static [&'static str], end: &'static str, rule: &'static Rule) -> Watched {
    Watched { crates, end, place: Where::Anywhere, rule, distinctive: false, own: false }
}

const fn naive(crates: &'static [&'static str], end: &'static str, distinctive: bool) -> Watched {
    Watched { crates, end, place: Where::InSignature, rule: &rules::NAIVE_TYPE, distinctive, own: false }
}

const fn date(crates: &'static [&'static str], end: &'static str, distinctive: bool) -> Watched {
    Watched { crates, end, place: Where::NamedAsInstant, rule: &rules::NAIVE_DATE, distinctive, own: false }
}

/// Every watched path. `Instant::now` is none: it counts from an arbitrary start, and can be no timestamp.
pub(crate) static PATHS: &[Watched] = &[
    anywhere(STD, "SystemTime::now", &rules::SYSTEM_TIME),
    anywhere(STD, "SystemTime::elapsed", &rules::SYSTEM_TIME),
    anywhere(STD, "UNIX_EPOCH::elapsed", &rules::SYSTEM_TIME),
    anywhere(TIME, "OffsetDateTime::now_utc", &rules::TIME_NOW),
    anywhere(TIME, "UtcDateTime::now", &rules::TIME_NOW),
    only_from(TIME, "Timestamp::now", &rules::TIME_NOW),
    anywhere(TIME, "OffsetDateTime::now_local", &rules::LOCAL_TIME),
    anywhere(TIME, "UtcOffset::current_local_offset", &rules::LOCAL_TIME),
    anywhere(TIME, "UtcOffset::local_offset_at", &rules::LOCAL_TIME),
    naive(TIME, "PrimitiveDateTime", true),
    naive(TIME, "PlainDateTime", true),
    date(TIME, "Date", false),
    anywhere(CHRONO, "Utc::now", &rules::CHRONO_NOW),
    anywhere(CHRONO, "Utc::today", &rules::CHRONO_NOW),
    anywhere(CHRONO, "Local::now", &rules::LOCAL_TIME),
    anywhere(CHRONO, "Local::today", &rules::LOCAL_TIME),
    only_from(CHRONO, "Local", &rules::LOCAL_TIME),
    naive(CHRONO, "NaiveDateTime", true),
    date(CHRONO, "NaiveDate", true),
    date(CHRONO, "NaiveTime", true),
    only_from(JIFF, "Timestamp::now", &rules::JIFF_NOW),
    anywhere(JIFF, "Zoned::now", &rules::LOCAL_TIME),
    anywhere(JIFF, "ZonedDateTime::now", &rules::LOCAL_TIME),
    only_from(JIFF, "TimeZone::system", &rules::LOCAL_TIME),
    only_from(JIFF, "TimeZone::try_system", &rules::LOCAL_TIME),
    naive(JIFF, "civil::DateTime", true),
    date(JIFF, "civil::Date", true),
    date(JIFF, "civil::Time", true),
    only_from(C, "time", &rules::SYSTEM_CALL),
    anywhere(C, "gettimeofday", &rules::SYSTEM_CALL),
    anywhere(C, "clock_gettime", &rules::SYSTEM_CALL),
    anywhere(C, "ClockId::now", &rules::SYSTEM_CALL),
    anywhere(C, "timespec_get", &rules::SYSTEM_CALL),
    only_from(C, "ftime", &rules::SYSTEM_CALL),
    only_from(C, "localtime", &rules::LOCAL_TIME),
    anywhere(C, "localtime_r", &rules::LOCAL_TIME),
    only_from(C, "mktime", &rules::LOCAL_TIME),
    anywhere(WINDOWS, "GetSystemTime", &rules::SYSTEM_CALL),
    anywhere(WINDOWS, "GetSystemTimeAsFileTime", &rules::SYSTEM_CALL),
    anywhere(WINDOWS, "GetSystemTimePreciseAsFileTime", &rules::SYSTEM_CALL),
    anywhere(WINDOWS, "GetLocalTime", &rules::LOCAL_TIME),
    only_from(&["js_sys"], "Date::now", &rules::OTHER_CLOCK),
    only_from(&["js_sys"], "Date::new_0", &rules::OTHER_CLOCK),
    only_from(&["bson"], "DateTime::now", &rules::OTHER_CLOCK),
    only_from(&["hifitime"], "Epoch::now", &rules::OTHER_CLOCK),
    only_from(&["coarsetime"], "Clock::now_since_epoch", &rules::OTHER_CLOCK),
    only_from(&["filetime"], "FileTime::now", &rules::OTHER_CLOCK),
    only_from(&["iso8601_timestamp"], "Timestamp::now_utc", &rules::OTHER_CLOCK),
    only_from(&["diesel"], "dsl::now", &sql::rules::NOW),
    only_from(SEA, "Expr::current_timestamp", &sql::rules::NOW),
    only_from(SEA, "Expr::current_date", &sql::rules::NOW),
    only_from(SEA, "Expr::current_time", &sql::rules::NOW),
    only_from(SEA, "Keyword::CurrentTimestamp", &sql::rules::NOW),
    naive(SEA, "prelude::DateTime", false),
    naive(SEA, "prelude::ChronoDateTime", false),
    naive(SEA, "prelude::TimeDateTime", false),
    only_from(SEA, "prelude::DateTimeLocal", &rules::LOCAL_TIME),
    only_from(SEA, "prelude::ChronoDateTimeLocal", &rules::LOCAL_TIME),
];

/// Words of which a file must have one, or nothing in it can break a rule of a path.
pub(crate) static WORDS: &[&str] = &[
    "SystemTime",
    "UNIX_EPOCH",
    "OffsetDateTime",
    "UtcDateTime",
    "UtcOffset",
    "PrimitiveDateTime",
    "Date",
    "chrono",
    "Utc",
    "Local",
    "NaiveDateTime",
    "NaiveDate",
    "NaiveTime",
    "jiff",
    "Zoned",
    "ClockId",
    "gettimeofday",
    "clock_gettime",
    "timespec_get",
    "localtime",
    "localtime_r",
    "GetSystemTime",
    "GetSystemTimeAsFileTime",
    "GetSystemTimePreciseAsFileTime",
    "GetLocalTime",
    "js_sys",
    "bson",
    "hifitime",
    "coarsetime",
    "filetime",
    "iso8601_timestamp",
    "diesel",
    "sea_orm",
    "sea_query",
    "sea_orm_migration",
    "PlainDateTime",
    "ZonedDateTime",
    "Timestamp",
    "naive_utc",
    "naive_local",
    "to_rfc3339_opts",
];

/// The path that a ban of the project's own names, as it is watched.
///
/// The texts live as long as the program, which reads its configuration once.
pub(crate) fn own(path: &str, rule: &'static Rule) -> Watched {
    let path: &'static str = Box::leak(path.to_owned().into_boxed_str());
    let (krate, rest) = path.split_once("::").unwrap_or((path, ""));
    // From the first type on, since the modules before it are one way among several.
    let type_at =
        rest.split("::").take_while(|segment| !segment.starts_with(char::is_uppercase)).map(|s| s.len() + 2).sum();
    let end = rest.get(type_at..).filter(|end| !end.is_empty()).unwrap_or(rest);
    Watched { crates: Box::leak(Box::new([krate])), end, place: Where::Anywhere, rule, distinctive: false, own: true }
}

impl Watched {
    /// Returns a word that stands in every file that mentions the path by one of its own names.
    pub(crate) fn word(&self) -> &'static str {
        let is_type = |name: &&str| name.starts_with(char::is_uppercase);
        self.end.split("::").find(is_type).or_else(|| self.end.rsplit("::").next()).unwrap_or(self.end)
    }

    /// Whether a path whose crate is known is this one.
    pub(crate) fn is(&self, path: &str) -> bool {
        let Some(before) = path.strip_suffix(self.end).and_then(|before| before.strip_suffix("::")) else {
            return false;
        };
        before.split("::").any(|segment| self.crates.contains(&segment))
    }

    /// Whether a path of unknown origin can only be this one.
    pub(crate) fn looks_like(&self, path: &str) -> bool {
        self.distinctive
            && path.strip_suffix(self.end).is_some_and(|before| before.is_empty() || before.ends_with("::"))
    }

    /// Whether a name is that of a crate which has this path.
    pub(crate) fn comes_from(&self, name: &str) -> bool {
        self.crates.contains(&name)
    }

    /// Returns the name with which this path can begin where a glob import brings all names of `module`, unless files are
    /// read for that name anyway, or it is as common as `time`.
    pub(crate) fn brought_by(&self, module: &str) -> Option<&'static str> {
        if self.distinctive || self.crates == C || !module.split("::").any(|segment| self.crates.contains(&segment)) {
            return None;
        }
        match self.end.rsplit_once("::") {
            Some((before, last)) if module.ends_with(before) => Some(last),
            _ => self.end.split("::").next(),
        }
    }

    /// Whether a glob import of `module` brings a name with which this path can begin.
    pub(crate) fn is_begun_by(&self, module: &str, name: &str) -> bool {
        self.end.split("::").next() == Some(name) && module.split("::").any(|segment| self.crates.contains(&segment))
            || self.end.strip_suffix(name).and_then(|before| before.strip_suffix("::")).is_some_and(|before| {
                module.ends_with(before) && module.split("::").any(|segment| self.crates.contains(&segment))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str) -> Option<&'static str> {
        PATHS.iter().find(|watched| watched.is(path)).map(|watched| watched.end)
    }

    #[test]
    fn path_is_told_by_its_crate_and_its_end() {
        assert_eq!(broken("std::time::SystemTime::now"), Some("SystemTime::now"));
        assert_eq!(broken("chrono::offset::Utc::now"), Some("Utc::now"));
        assert_eq!(broken("sqlx::types::chrono::Utc::now"), Some("Utc::now"));
        assert_eq!(broken("mine::Utc::now"), None);
        assert_eq!(broken("std::time::Instant::now"), None);
        assert_eq!(broken("time::OtherOffsetDateTime::now_utc"), None);
    }

    #[test]
    fn own_path_begins_with_its_type() {
        let watched = own("std::time::Instant::now", &rules::SYSTEM_TIME);
        assert_eq!((watched.crates, watched.end), (["std"].as_slice(), "Instant::now"));
        let watched = own("mine::legacy::now_ms", &rules::SYSTEM_TIME);
        assert_eq!((watched.crates, watched.end), (["mine"].as_slice(), "legacy::now_ms"));
    }
}
