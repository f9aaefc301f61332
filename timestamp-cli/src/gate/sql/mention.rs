//! Whether text mentions anything that a rule is about, so that other text is not cut into tokens at all.

use super::source::Lower;

/// Whether a word stands in `text` without which no rule can find anything.
///
/// One pass over the bytes, without allocation. Words in strings and comments count too; the tokens then tell.
pub(super) fn of_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| is_part(*byte))) {
        let start = at + offset;
        let end = bytes
            .get(start..)
            .and_then(|rest| rest.iter().position(|byte| !is_part(*byte)))
            .map_or(bytes.len(), |length| start + length);
        if text.get(start..end).is_some_and(is_of_time) {
            return true;
        }
        at = end;
    }
    false
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_of_time(word: &str) -> bool {
    if word.len() < 3 {
        return false;
    }
    matches!(
        Lower::new(word).as_str(),
        "now"
            | "current"
            | "current_timestamp"
            | "current_date"
            | "current_time"
            | "localtime"
            | "localtimestamp"
            | "clock_timestamp"
            | "statement_timestamp"
            | "transaction_timestamp"
            | "timeofday"
            | "getdate"
            | "getutcdate"
            | "sysdate"
            | "systimestamp"
            | "sysdatetime"
            | "sysutcdatetime"
            | "sysdatetimeoffset"
            | "utc_timestamp"
            | "utc_date"
            | "utc_time"
            | "curdate"
            | "curtime"
            | "unix_timestamp"
            | "from_unixtime"
            | "date"
            | "time"
            | "datetime"
            | "datetime2"
            | "smalldatetime"
            | "julianday"
            | "unixepoch"
            | "strftime"
            | "timediff"
            | "timestamp"
            | "timestamptz"
            | "timestamp_ntz"
            | "timestampntz"
            | "to_timestamp"
            | "today"
            | "yesterday"
            | "tomorrow"
            | "moddatetime"
            | "trigger"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_mentions() {
        assert!(of_time("SELECT NOW()"));
        assert!(of_time("é timestamp"));
        assert!(!of_time("SELECT known, nowhere, timestamps FROM timing"));
        assert!(!of_time(""));
    }
}
