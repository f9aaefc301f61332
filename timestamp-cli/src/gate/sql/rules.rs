//! What is refused in SQL: files, and string literals of other languages.

use crate::gate::rule::Rule;

/// The server is asked for the time.
pub(crate) static NOW: Rule = Rule {
    id: "sql/now",
    reason: "asks the database server for the time, a second clock that no test can move and no entity knows of",
    instead: "pass the time as a parameter, in epoch milliseconds from your `Clock`",
};

/// A column fills itself with the time.
pub(crate) static DEFAULT: Rule = Rule {
    id: "sql/default",
    reason: "a column that stamps itself hides a forgotten time, and takes it from a second clock",
    instead: "declare the column `BIGINT NOT NULL` without a default, and write the entity's own milliseconds",
};

/// A trigger stamps rows.
pub(crate) static TRIGGER: Rule = Rule {
    id: "sql/trigger",
    reason: "a trigger that stamps rows changes times behind the entity, which then holds others than its row",
    instead: "drop the trigger, and let `touch` move `updated_at`",
};

/// A column, parameter or variable has a time without a zone.
pub(crate) static NAIVE_TYPE: Rule = Rule {
    id: "sql/naive-type",
    reason: "a time without a zone is an instant only to those who know which zone was meant",
    instead: "use `BIGINT` for epoch milliseconds, or `timestamptz` where the engine has it",
};

/// An expression takes the zone off a time.
pub(crate) static NAIVE_CAST: Rule = Rule {
    id: "sql/naive-cast",
    reason: "takes the zone off a time, or makes one that never had any",
    instead: "stay with `timestamptz` or epoch milliseconds, and give the zone where the text is made for people",
};

/// Text without an offset becomes an instant.
pub(crate) static NAIVE_TEXT: Rule = Rule {
    id: "sql/naive-text",
    reason: "text without an offset becomes another instant in each session, by its time zone setting",
    instead: "end the text with `Z` or an offset, or pass epoch milliseconds as a parameter",
};

/// A time in the zone of the session or the server.
pub(crate) static LOCAL_TIME: Rule = Rule {
    id: "sql/local-time",
    reason: "gives the time in the zone of the session or the server, without saying which",
    instead: "keep times in UTC, and turn them into local ones where they are shown",
};

/// Every rule, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[&NOW, &DEFAULT, &TRIGGER, &NAIVE_TYPE, &NAIVE_CAST, &NAIVE_TEXT, &LOCAL_TIME];
