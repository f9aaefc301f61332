//! The string literals of a file, found without parsing it.
//!
//! Right for every file that compiles; what it says of one that does not is at worst a literal that is none.

use crate::gate::rust::literal::Literal;

/// Returns the string literals of a file.
pub(crate) fn literals(text: &str) -> impl Iterator<Item = Literal> {
    Strings { text, at: 0 }.filter_map(Literal::read)
}

struct Strings<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at;
            match *bytes.get(start)? {
                b'"' => {
                    self.at = end_of_string(bytes, start + 1);
                    return self.text.get(start..self.at);
                }
                b'/' if bytes.get(start + 1) == Some(&b'/') => {
                    self.at =
                        bytes.iter().skip(start).position(|byte| *byte == b'\n').map_or(bytes.len(), |n| start + n);
                }
                b'/' if bytes.get(start + 1) == Some(&b'*') => self.at = end_of_comment(bytes, start + 2),
                b'\'' => self.at = end_of_character(bytes, start),
                byte if byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii() => {
                    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
                    let end =
                        bytes.iter().skip(start).position(|byte| !is_of_word(byte)).map_or(bytes.len(), |n| start + n);
                    self.at = end;
                    let prefix = self.text.get(start..end);
                    if let Some("r" | "br" | "cr") = prefix
                        && let Some(close) = end_of_raw(bytes, end)
                    {
                        self.at = close;
                        return self.text.get(start..close);
                    }
                    if let Some("b" | "c") = prefix
                        && bytes.get(end) == Some(&b'"')
                    {
                        self.at = end_of_string(bytes, end + 1);
                        return self.text.get(start..self.at);
                    }
                }
                _ => self.at += 1,
            }
        }
    }
}

/// Returns where a string ends whose quote stands before `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Returns where a raw string ends whose hashes begin at a place, if one does.
fn end_of_raw(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes.iter().skip(at).take_while(|byte| **byte == b'#').count();
    if bytes.get(at + hashes) != Some(&b'"') {
        return None;
    }
    let mut close = at + hashes + 1;
    while let Some(byte) = bytes.get(close) {
        close += 1;
        if *byte == b'"' && bytes.iter().skip(close).take_while(|byte| **byte == b'#').take(hashes).count() == hashes {
            return Some(close + hashes);
        }
    }
    Some(bytes.len())
}

fn end_of_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut open = 1;
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (open, at) = (open + 1, at + 2),
            Some(b"*/") => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
        if open == 0 {
            return at;
        }
    }
    bytes.len()
}

/// Returns where a character ends, or the mark of a lifetime.
fn end_of_character(bytes: &[u8], at: usize) -> usize {
    let length = |first: u8| match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    match bytes.get(at + 1) {
        Some(b'\\') => {
            let rest = bytes.iter().skip(at + 3).position(|byte| matches!(byte, b'\'' | b'\n'));
            rest.map_or(bytes.len(), |n| at + 3 + n + 1)
        }
        Some(first) if bytes.get(at + 1 + length(*first)) == Some(&b'\'') => at + 2 + length(*first),
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_among_what_looks_like_them() {
        let code = r####"
            // "comment" /* " */
            /* "nested /* "deeper" */ " */
            fn f<'a>(x: &'a str) -> char { '"'; '\''; '\u{22}'; 'é'; b'"'; '
' }
            let s = "one \" \\"; let r = r#"two " "#; br"bytes"; b"more"; c"c"; let r = 1; r##"three"# "##; r"four";
            let tar = "five";
        "####;
        let values: Vec<_> = literals(code).map(|literal| literal.value).collect();
        assert_eq!(values, ["one \" \\", "two \" ", "bytes", "more", "c", "three\"# ", "four", "five"]);
    }

    #[test]
    fn file_that_breaks_off_ends() {
        for code in ["\"open", "r#\"open", "/* open", "'", "'\\", "\"\\", "r##", "b\"", "'\u{e9}"] {
            let _ = literals(code).count();
        }
    }
}
