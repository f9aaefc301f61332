//! `?` in users' SQL, as PostgreSQL numbers its parameters.
//!
//! Users write `?` for each value on every database. PostgreSQL has operators of that sign (`?`, `?|` and `?&` of `jsonb`):
//! those are written with two, `??`. What stands in quotes, in comments or between dollar signs is left alone.

/// Replaces each `?` by `$n`, counted from `first`, and each `??` by `?`. Returns how many there were.
pub(super) fn number(sql: &str, first: usize) -> (String, usize) {
    let mut numbered = String::with_capacity(sql.len() + 8);
    let mut count = 0;
    let mut rest = sql;
    let mut previous = ' ';
    while let Some(sign) = rest.chars().next() {
        let skipped = match sign {
            '\'' => quoted(rest, '\'', is_escape_string(&numbered)),
            '"' => quoted(rest, '"', false),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '$' if !is_word(previous) => dollar_quoted(rest),
            '?' if rest.starts_with("??") => {
                numbered.push('?');
                rest = &rest[2..];
                previous = '?';
                continue;
            }
            '?' => {
                numbered.push_str(&format!("${}", first + count));
                count += 1;
                rest = &rest[1..];
                previous = '?';
                continue;
            }
            _ => 0,
        };
        let length = skipped.max(sign.len_utf8());
        numbered.push_str(&rest[..length]);
        previous = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    (numbered, count)
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_' || sign == '$'
}

/// Whether the quote that comes next opens a string in which a backslash escapes: `E'..'`.
fn is_escape_string(before: &str) -> bool {
    let mut signs = before.chars().rev();
    matches!(signs.next(), Some('e' | 'E')) && !signs.next().is_some_and(is_word)
}

/// The length of a quoted text with its quotes. A quote that is doubled ends one part and begins the next.
fn quoted(text: &str, quote: char, backslash_escapes: bool) -> usize {
    let mut signs = text.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        if sign == quote {
            return at + 1;
        }
        if sign == '\\' && backslash_escapes {
            signs.next();
        }
    }
    text.len()
}

/// The length of a comment, which may hold others.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of `$tag$ .. $tag$`, or 0 if none begins here.
fn dollar_quoted(text: &str) -> usize {
    let Some(end) = text[1..].find('$') else { return 0 };
    let tag = &text[..end + 2];
    let name = &tag[1..tag.len() - 1];
    if !name.chars().all(|sign| sign.is_alphanumeric() || sign == '_')
        || name.starts_with(|sign: char| sign.is_ascii_digit())
    {
        return 0;
    }
    text[tag.len()..].find(tag).map_or(text.len(), |at| tag.len() * 2 + at)
}

#[cfg(test)]
mod tests {
    use super::number;

    fn numbered(sql: &str) -> (String, usize) {
        number(sql, 1)
    }

    #[test]
    fn each_sign_is_a_number() {
        assert_eq!(numbered("a = ? AND b IN (?, ?)"), ("a = $1 AND b IN ($2, $3)".to_owned(), 3));
        assert_eq!(number("a = ?", 4), ("a = $4".to_owned(), 1));
    }

    #[test]
    fn two_signs_are_the_operator() {
        assert_eq!(numbered("tags ?? ? AND tags ??| ?"), ("tags ? $1 AND tags ?| $2".to_owned(), 2));
    }

    #[test]
    fn what_is_quoted_is_left_alone() {
        for sql in [
            "a = 'what?' AND b = 'it''s ?'",
            "\"odd?\" = 1",
            "a = E'it\\'s ?'",
            "a = $$ ? $$ AND b = $tag$ ? $$ ? $tag$",
            "a = 1 -- why?\n",
            "a = /* ? /* ? */ ? */ 1",
            "a = 'unclosed ?",
        ] {
            assert_eq!(numbered(sql), (sql.to_owned(), 0), "{sql}");
        }
        assert_eq!(numbered("a = 'x' OR b = ? -- ?\n OR c = ?").1, 2);
        assert_eq!(numbered("a = 'back\\' AND b = ?").1, 1, "a backslash escapes nothing in a standard string");
        assert_eq!(numbered("a = $1 AND b = $2 AND c = ?").1, 1);
        assert_eq!(numbered("naïve = 'é?' AND ü = ?").1, 1);
    }
}
