//! Types without a zone, and texts without an offset.

use super::source::Source;
use super::words::Zone;

/// How a type that begins at a token stands to zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeType {
    /// A date with a time and no zone; `end` is the token after it.
    Naive { end: usize },
    /// The same with a zone.
    Zoned { end: usize },
}

/// Reads a type of date and time at `index`, with its precision and what it says of zones.
///
/// `TIME` and `DATE` are none: neither names an instant, and an opening hour or a birthday is right without a zone.
pub(super) fn time_type(source: &Source<'_>, index: usize) -> Option<TimeType> {
    let zone = source.word(index).meaning()?.zone?;
    let end = after_precision(source, index + 1);
    match zone {
        Zone::Without => return Some(TimeType::Naive { end }),
        Zone::With => return Some(TimeType::Zoned { end }),
        Zone::MayFollow => {}
    }
    if source.are_words(end, &["without", "time", "zone"]) {
        return Some(TimeType::Naive { end: end + 3 });
    }
    if source.are_words(end, &["with", "time", "zone"]) {
        return Some(TimeType::Zoned { end: end + 3 });
    }
    if source.are_words(end, &["with", "local", "time", "zone"]) {
        return Some(TimeType::Zoned { end: end + 4 });
    }
    Some(TimeType::Naive { end })
}

/// The token after a precision such as `(3)`.
fn after_precision(source: &Source<'_>, index: usize) -> usize {
    if source.is_symbol(index, "(") && source.is_symbol(index + 2, ")") { index + 3 } else { index }
}

/// Whether text reads as a date, with or without a time, and says nothing of its offset.
pub(super) fn is_naive_text(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    let date =
        |at: usize, count: usize| bytes.get(at..at + count).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let mark = |at: usize, marks: &[u8]| bytes.get(at).is_some_and(|byte| marks.contains(byte));
    if !(date(0, 4) && mark(4, b"-/") && date(5, 2) && mark(7, b"-/") && date(8, 2)) {
        return false;
    }
    match bytes.get(10..) {
        None | Some([]) => true,
        Some([b'T' | b't' | b' ', time @ ..]) => {
            time.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b','))
                && time.first().is_some_and(u8::is_ascii_digit)
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_or_a_zone_makes_text_an_instant() {
        for naive in ["2024-01-15", " 2024-01-15 12:00:00", "2024-01-15T12:00", "2024-01-15 12:00:00.123"] {
            assert!(is_naive_text(naive), "{naive}");
        }
        for other in [
            "",
            "now",
            "2024",
            "2024-01-15Z",
            "2024-01-15T12:00:00Z",
            "2024-01-15 12:00:00+00",
            "2024-01-15 12:00 UTC",
            "2024-01-15T",
        ] {
            assert!(!is_naive_text(other), "{other}");
        }
    }
}
