//! The value of a string literal, and which place of the file each part of it comes from.

use std::ops::Range;

/// A string literal as the program sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) value: String,
    /// From which byte of the value on which byte of the token it comes from; in order.
    shifts: Vec<(usize, usize)>,
}

impl Literal {
    /// Reads the token of a literal, with its quotes; `None` if it is no string.
    ///
    /// Of bytes, each escape stands for the character of its number.
    pub(crate) fn read(token: &str) -> Option<Self> {
        let kind = usize::from(token.starts_with(['b', 'c']));
        let string = token.get(kind..)?;
        if let Some(raw) = string.strip_prefix('r') {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            let value = raw.get(hashes..raw.len().checked_sub(hashes)?)?.strip_prefix('"')?.strip_suffix('"')?;
            return Some(Self { value: value.to_owned(), shifts: vec![(0, kind + hashes + 2)] });
        }
        let written = string.strip_prefix('"')?.strip_suffix('"')?;
        let quote = kind + 1;
        let mut literal = Self { value: String::with_capacity(written.len()), shifts: vec![(0, quote)] };
        let mut rest = written;
        while let Some(special) = rest.find(['\\', '\r']) {
            literal.value.push_str(rest.get(..special)?);
            let (value, length) = escape(rest.get(special..)?);
            literal.value.extend(value);
            rest = rest.get(special + length..)?;
            literal.shifts.push((literal.value.len(), quote + written.len() - rest.len()));
        }
        literal.value.push_str(rest);
        Some(literal)
    }

    /// Returns where a part of the value stands in the token.
    pub(crate) fn locate(&self, part: &Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let next = self.shifts.partition_point(|(value, _)| *value <= at);
            let (value, token) = self.shifts.get(next.saturating_sub(1)).copied().unwrap_or_default();
            token + (at - value)
        };
        place(part.start)..place(part.end)
    }
}

/// Reads one escape or line end; returns what it stands for, and how many bytes it takes.
fn escape(rest: &str) -> (Option<char>, usize) {
    let mut characters = rest.chars();
    if characters.next() == Some('\r') {
        // A line end counts as `\n`, however the file writes it.
        return if rest.starts_with("\r\n") { (Some('\n'), 2) } else { (Some('\r'), 1) };
    }
    let digits = |from: usize, to: usize| {
        let digits = rest.get(from..to)?.replace('_', "");
        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
    };
    match characters.next() {
        Some('n') => (Some('\n'), 2),
        Some('r') => (Some('\r'), 2),
        Some('t') => (Some('\t'), 2),
        Some('0') => (Some('\0'), 2),
        Some('x') => (digits(2, 4), rest.len().min(4)),
        Some('u') => {
            let end = rest.find('}').unwrap_or(rest.len() - 1);
            (digits(3, end), end + 1)
        }
        // A line that goes on in the next one, without the blanks at its beginning.
        Some('\n' | '\r') => {
            let blanks = rest.get(1..).map_or(0, |rest| rest.len() - rest.trim_start().len());
            (None, 1 + blanks)
        }
        Some(other) => (Some(other), 1 + other.len_utf8()),
        None => (None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a token, and what stands in the token where the value has `part`.
    fn read<'a>(token: &'a str, part: &str) -> (String, &'a str) {
        let literal = Literal::read(token).unwrap();
        let at = literal.value.find(part).unwrap();
        (literal.value.clone(), &token[literal.locate(&(at..at + part.len()))])
    }

    #[test]
    fn parts_of_a_value_are_found_in_the_token() {
        assert_eq!(read(r#""SELECT now()""#, "now()"), ("SELECT now()".into(), "now()"));
        assert_eq!(read(r#""a\n\"b\" now()""#, "now()"), ("a\n\"b\" now()".into(), "now()"));
        assert_eq!(read(r##"r#"a "now()""#"##, "now()"), ("a \"now()\"".into(), "now()"));
        assert_eq!(read(r#""\u{e9}\x41 now()""#, "now()"), ("éA now()".into(), "now()"));
        assert_eq!(read("\"a \\\r\n   b now()\"", "b now"), ("a b now()".into(), "b now"));
        assert_eq!(read("\"a\r\nnow()\"", "now"), ("a\nnow()".into(), "now"));
        assert_eq!(read(r#""x\ny""#, "\n").1, "\\n");
        assert_eq!(read(r#"b"\xff\x41 now()""#, "now()"), ("\u{ff}A now()".into(), "now()"));
        assert_eq!(read(r##"br#"a "now()""#"##, "now()"), ("a \"now()\"".into(), "now()"));
        assert_eq!(read(r#"c"\tnow()""#, "now()"), ("\tnow()".into(), "now()"));
    }

    #[test]
    fn what_is_no_string_has_no_value() {
        for token in ["b'x'", "'x'", "1", "r", "r#", "br#", "\"", "b", "c", "r#x#", "b\"", "\u{e9}"] {
            assert_eq!(Literal::read(token), None, "{token}");
        }
    }
}
