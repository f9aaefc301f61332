//! The words of SQL that rules are about, each once: the scanner asks here what a word means, and texts and files without
//! any of them are not read at all.

use std::sync::LazyLock;

use super::source::{LONGEST, Lower};

/// How a word is written where it asks the server for the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// With parentheses only, as in `now()`.
    Always,
    /// With or without them, as in `CURRENT_TIMESTAMP`.
    Perhaps,
}

/// What a word means where it asks the server for the time by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) called: Called,
    /// Whether it gives an instant that knows its zone.
    pub(super) zoned: bool,
}

/// A function that its arguments decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// SQLite's: asks for the time where it is given `'now'` or nothing.
    OfTime,
    /// The same, with a format before the time.
    Strftime,
    Timediff,
    UnixTimestamp,
    FromUnixtime,
    /// Stamps rows where a trigger executes it.
    Moddatetime,
    ToTimestamp,
}

/// How a type stands to zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Without,
    With,
    /// What follows tells: `TIMESTAMP WITH TIME ZONE`.
    MayFollow,
}

/// A word with all that it means to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: &'static str,
    pub(super) clock: Option<Clock>,
    pub(super) function: Option<Function>,
    pub(super) zone: Option<Zone>,
    /// Whether it is a time that moves where it is a string: `'today'`.
    pub(super) moves: bool,
    /// In which forms alone it counts, where it is a word of English too; in any, if there are none.
    forms: &'static [&'static str],
}

const fn word(text: &'static str) -> Word {
    Word { text, clock: None, function: None, zone: None, moves: false, forms: &[] }
}

const fn clock(text: &'static str, called: Called, zoned: bool) -> Word {
    Word { clock: Some(Clock { called, zoned }), ..word(text) }
}

const fn function(text: &'static str, function: Function) -> Word {
    Word { function: Some(function), ..word(text) }
}

const fn ty(text: &'static str, zone: Zone) -> Word {
    Word { zone: Some(zone), ..word(text) }
}

const fn moving(text: &'static str, forms: &'static [&'static str]) -> Word {
    Word { moves: true, forms, ..word(text) }
}

/// Every word. Nothing is refused in a text that has none of them.
pub(super) static WORDS: &[Word] = &[
    Word { moves: true, forms: &["now(", "now (", "now'", "now\"", "now\\"], ..clock("now", Called::Always, true) },
    clock("clock_timestamp", Called::Always, true),
    clock("statement_timestamp", Called::Always, true),
    clock("transaction_timestamp", Called::Always, true),
    clock("timeofday", Called::Always, false),
    clock("getdate", Called::Always, false),
    clock("getutcdate", Called::Always, false),
    clock("sysdatetime", Called::Always, false),
    clock("sysutcdatetime", Called::Always, false),
    clock("sysdatetimeoffset", Called::Always, false),
    clock("utc_timestamp", Called::Always, false),
    clock("utc_date", Called::Always, false),
    clock("utc_time", Called::Always, false),
    clock("curdate", Called::Always, false),
    clock("curtime", Called::Always, false),
    clock("current_timestamp", Called::Perhaps, true),
    clock("current_date", Called::Perhaps, false),
    clock("current_time", Called::Perhaps, false),
    clock("localtime", Called::Perhaps, false),
    clock("localtimestamp", Called::Perhaps, false),
    clock("systimestamp", Called::Perhaps, false),
    clock("sysdate", Called::Perhaps, false),
    // The words of Db2.
    Word { forms: &["current timestamp", "current date", "current time"], ..word("current") },
    moving("today", &["today'"]),
    moving("yesterday", &["yesterday'"]),
    moving("tomorrow", &["tomorrow'"]),
    Word { forms: &["date()", "date ()"], ..function("date", Function::OfTime) },
    Word { forms: &["time()", "time ()"], ..function("time", Function::OfTime) },
    function("julianday", Function::OfTime),
    function("unixepoch", Function::OfTime),
    function("strftime", Function::Strftime),
    function("timediff", Function::Timediff),
    function("unix_timestamp", Function::UnixTimestamp),
    function("from_unixtime", Function::FromUnixtime),
    function("moddatetime", Function::Moddatetime),
    function("to_timestamp", Function::ToTimestamp),
    Word { zone: Some(Zone::Without), ..function("datetime", Function::OfTime) },
    ty("timestamp", Zone::MayFollow),
    ty("datetime2", Zone::Without),
    ty("smalldatetime", Zone::Without),
    ty("timestamp_ntz", Zone::Without),
    ty("timestampntz", Zone::Without),
    ty("timestamptz", Zone::With),
    ty("datetimeoffset", Zone::With),
    ty("timestamp_tz", Zone::With),
    ty("timestamp_ltz", Zone::With),
    // Stamps rows with what no word here asks for.
    word("trigger"),
];

/// The words by their length.
static BY_LENGTH: LazyLock<[Vec<&'static Word>; LONGEST + 1]> = LazyLock::new(|| {
    let mut by_length = [const { Vec::new() }; LONGEST + 1];
    for word in WORDS {
        if let Some(words) = by_length.get_mut(word.text.len()) {
            words.push(word);
        }
    }
    by_length
});

/// Returns what a word means, in any case.
pub(super) fn find(text: &str) -> Option<&'static Word> {
    BY_LENGTH.get(text.len())?.iter().copied().find(|word| word.text.eq_ignore_ascii_case(text))
}

/// Returns the forms, in small letters, of which a text has one in any case wherever something in it is refused.
pub(crate) fn forms() -> impl Iterator<Item = &'static str> {
    WORDS.iter().flat_map(|word| {
        if word.forms.is_empty() { std::slice::from_ref(&word.text) } else { word.forms }.iter().copied()
    })
}

/// Whether a word stands in `text` without which no rule can find anything.
///
/// One pass over the bytes, without allocation. Words in strings and comments count too; the tokens then tell.
pub(super) fn are_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| is_part(*byte))) {
        let start = at + offset;
        let end = bytes
            .get(start..)
            .and_then(|rest| rest.iter().position(|byte| !is_part(*byte)))
            .map_or(bytes.len(), |length| start + length);
        if text.get(start..end).is_some_and(|word| find(word).is_some()) {
            return true;
        }
        at = end;
    }
    false
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Lower {
    /// Returns what the word means.
    pub(super) fn meaning(&self) -> Option<&'static Word> {
        find(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_count() {
        assert!(are_in("SELECT NOW()"));
        assert!(are_in("é timestamp"));
        assert!(!are_in("SELECT known, nowhere, timestamps FROM timing"));
        assert!(!are_in(""));
    }

    #[test]
    fn every_word_is_found_by_its_length() {
        for word in WORDS {
            assert_eq!(find(&word.text.to_uppercase()), Some(word));
        }
        assert_eq!(find(&"x".repeat(LONGEST + 1)), None);
    }
}
