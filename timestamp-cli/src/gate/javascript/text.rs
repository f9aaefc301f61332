//! Which texts `Date` and its like read in the zone of the machine.

/// How a reader takes a date without a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateAlone {
    /// As UTC: `Date`, by ECMA-262, section "Date.parse" (21.4.3.2 in the 2024 edition).
    Utc,
    /// As local midnight: moment, dayjs, luxon and date-fns.
    Local,
}

/// Whether a whole text names a date or a time and no offset.
///
/// By the same section, a date with a time and without an offset is local. What has another form is left to each engine
/// by the standard; all known ones read it as local.
pub(super) fn is_naive(text: &str, alone: DateAlone) -> bool {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits < 4 || names_zone(text) {
        return false;
    }
    match form(text) {
        Some(Form::Iso { time: false }) => alone == DateAlone::Local,
        Some(Form::Iso { time: true } | Form::Other) => true,
        None => false,
    }
}

/// Whether a text ends with a time of day without an offset, as in `day + "T00:00:00"`.
pub(super) fn ends_with_naive_time(text: &str) -> bool {
    let Some(begin) = text.rfind(['T', ' ']) else { return false };
    let time = text.get(begin + 1..).unwrap_or_default();
    time.contains(':')
        && time.starts_with(|character: char| character.is_ascii_digit())
        && time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'))
}

enum Form {
    /// `2024-01-15`, `2024-01`, and with `T12:00`.
    Iso { time: bool },
    /// `2024/01/15`, `01/15/2024`, `Jan 15, 2024`, `2024-01-15 12:00`.
    Other,
}

fn form(text: &str) -> Option<Form> {
    let bytes = text.as_bytes();
    let digits_at =
        |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    if digits_at(0, 4) && bytes.get(4) == Some(&b'-') && digits_at(5, 7) {
        if bytes.len() == 7 {
            return Some(Form::Iso { time: false });
        }
        if bytes.get(7) == Some(&b'-') && digits_at(8, 10) {
            return match bytes.get(10) {
                None => Some(Form::Iso { time: false }),
                Some(b'T' | b't') if digits_at(11, 13) => Some(Form::Iso { time: true }),
                Some(b' ') if digits_at(11, 13) => Some(Form::Other),
                Some(_) => None,
            };
        }
        return None;
    }
    let marks: Vec<&str> = text.split_whitespace().next()?.split(['/', '-', '.']).collect();
    let numbers =
        marks.iter().all(|mark| (1..=4).contains(&mark.len()) && mark.bytes().all(|byte| byte.is_ascii_digit()));
    if numbers && marks.len() == 3 && marks.iter().any(|mark| mark.len() == 4) {
        return Some(Form::Other);
    }
    let month = text.split(|character: char| !character.is_ascii_alphabetic()).any(is_month);
    let year = text.split(|character: char| !character.is_ascii_digit()).any(|number| number.len() == 4);
    (month && year && text.len() <= 64).then_some(Form::Other)
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    word.len() >= 3
        && MONTHS.iter().any(|month| month.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word)))
}

/// Whether a text says how far its time is from UTC.
fn names_zone(text: &str) -> bool {
    let named = text.split(|character: char| !character.is_ascii_alphabetic()).any(|word| {
        matches!(
            word.to_ascii_uppercase().as_str(),
            "Z" | "UTC" | "GMT" | "UT" | "EST" | "EDT" | "CST" | "CDT" | "MST" | "MDT" | "PST" | "PDT"
        )
    });
    let offset = text.split_once(':').is_some_and(|(_, time)| time.contains(['+', '-', '−']));
    named || offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_without_an_offset_is_naive() {
        for naive in [
            "2024-01-15T12:00:00",
            "2024-01-15T12:00",
            "2024-01-15 12:00:00",
            "2024/01/15",
            "01/15/2024 12:00",
            "15.01.2024",
            "Jan 15, 2024",
            "15 January 2024 12:00:00",
            "Mon, 15 Jan 2024 12:00:00",
            "January 2024",
        ] {
            assert!(is_naive(naive, DateAlone::Utc), "{naive}");
        }
        for other in [
            "",
            "now",
            "2024",
            "2024-01-15",
            "2024-01",
            "2024-01-15T12:00:00Z",
            "2024-01-15T12:00:00.000+01:00",
            "2024-01-15 12:00-05",
            "Mon, 15 Jan 2024 12:00:00 GMT",
            "Jan 15, 2024 12:00 PST",
            "1234-5678",
            "maybe 2024",
            "12:00",
            "1.2.3",
            "#2024/01",
        ] {
            assert!(!is_naive(other, DateAlone::Utc), "{other}");
        }
        assert!(is_naive("2024-01-15", DateAlone::Local));
        assert!(ends_with_naive_time("T00:00:00") && ends_with_naive_time("2024-01-15 00:00"));
        assert!(!ends_with_naive_time("T00:00:00Z") && !ends_with_naive_time("T") && !ends_with_naive_time("12:00"));
    }
}
