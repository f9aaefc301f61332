//! What is refused in Rust.

use crate::gate::rule::Rule;

pub(crate) static SYSTEM_TIME: Rule = Rule {
    id: "rust/system-time",
    reason: "asks the system for the time, so that no test can move it and two readings of one operation differ",
    instead: "take the time from a `Clock` that is handed in: `clock.now()`",
};

pub(crate) static TIME_NOW: Rule = Rule {
    id: "rust/time-now",
    reason: "the `time` crate asks the system for the time",
    instead: "take the time from a `Clock`, and convert it: `time::UtcDateTime::from(clock.now())`",
};

pub(crate) static CHRONO_NOW: Rule = Rule {
    id: "rust/chrono-now",
    reason: "chrono asks the system for the time",
    instead: "take the time from a `Clock`: `DateTime::from_timestamp_millis(clock.now().as_millis())`",
};

pub(crate) static JIFF_NOW: Rule = Rule {
    id: "rust/jiff-now",
    reason: "jiff asks the system for the time",
    instead: "take the time from a `Clock`: `Timestamp::from_millisecond(clock.now().as_millis())`",
};

pub(crate) static SYSTEM_CALL: Rule = Rule {
    id: "rust/system-call",
    reason: "calls the operating system's clock past the standard library",
    instead: "take the time from a `Clock`; to measure how long something took, use `std::time::Instant`",
};

pub(crate) static OTHER_CLOCK: Rule = Rule {
    id: "rust/other-clock",
    reason: "a library's own clock asks the system for the time",
    instead: "take the time from a `Clock`, and convert it to the library's type",
};

pub(crate) static LOCAL_TIME: Rule = Rule {
    id: "rust/local-time",
    reason: "depends on the time zone of the machine that it runs on",
    instead: "keep times in UTC, and convert them where they are shown, to a zone that is named",
};

pub(crate) static NAIVE_TYPE: Rule = Rule {
    id: "rust/naive-type",
    reason: "a date and time without a zone means another instant on another machine",
    instead: "use `EpochMs`, or a type with its zone: `time::UtcDateTime`, `chrono::DateTime<Utc>`, `jiff::Timestamp`",
};

pub(crate) static NAIVE_DATE: Rule = Rule {
    id: "rust/naive-date",
    reason: "the name says when something happened, and a date or a time of day alone does not tell that",
    instead: "use `EpochMs`; for a date of the calendar, such as a birthday, take a name that says so",
};

pub(crate) static MADE_NAIVE: Rule = Rule {
    id: "rust/made-naive",
    reason: "throws away the zone of a time that had one",
    instead: "keep the time with its zone: `to_utc()`",
};

pub(crate) static FORMAT_WITHOUT_ZONE: Rule = Rule {
    id: "rust/format-without-zone",
    reason: "writes a date and time without saying in which zone",
    instead: "write RFC 3339 with `Z`: `EpochMs` does so by `Display`, a format by `Z` at its end once the time is UTC",
};

pub(crate) static FORMAT_WITHOUT_Z: Rule = Rule {
    id: "rust/format-without-z",
    reason: "writes UTC as `+00:00`, so that one instant has two texts, and texts do not sort as times do",
    instead: "pass `true`, which writes `Z`",
};

/// Every rule, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[
    &SYSTEM_TIME,
    &TIME_NOW,
    &CHRONO_NOW,
    &JIFF_NOW,
    &SYSTEM_CALL,
    &OTHER_CLOCK,
    &LOCAL_TIME,
    &NAIVE_TYPE,
    &NAIVE_DATE,
    &MADE_NAIVE,
    &FORMAT_WITHOUT_ZONE,
    &FORMAT_WITHOUT_Z,
];
