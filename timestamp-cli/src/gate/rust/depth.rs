//! How deep a file can be nested and how long its names can be, so that no file makes the parser run out of stack, or
//! findings and paths, which repeat names, run out of memory.
//!
//! The parser calls itself for every bracket, and also for every operator of a long expression. What stands between two
//! ends of a statement or of a list's entry bounds both, without parsing.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

/// The deepest nesting that is read. People write less than a hundred; programs that write programs a few thousand.
const DEEPEST: usize = 4_000;

/// The longest name that is read, in bytes. Those that compilers of C++ make come to some hundred.
const LONGEST: usize = 4_096;

/// Returns where the tokens of a text are nested deeper than [`DEEPEST`] or a name is longer than [`LONGEST`], and says
/// which.
pub(crate) fn beyond_limits(text: &str, tokens: &TokenStream) -> Option<(Span, String)> {
    // Asking each name how long it is takes longer than reading it.
    let may_have_long_names = has_long_word(text.as_bytes());
    // Brackets that are open, with how far the statement around them had come.
    let mut open = vec![(tokens.clone().into_iter().peekable(), 0_usize)];
    let mut deep = 0_usize;
    while let Some((rest, run)) = open.last_mut() {
        let Some(token) = rest.next() else {
            let (_, run) = open.pop().unwrap_or_else(|| (TokenStream::new().into_iter().peekable(), 0));
            deep = deep.saturating_sub(run);
            continue;
        };
        *run += 1;
        deep += 1;
        if deep > DEEPEST {
            return Some((token.span(), format!("nested deeper than {DEEPEST} levels")));
        }
        match token {
            TokenTree::Group(group) => {
                // A block ends a statement, unless it goes on as `else` or a call.
                let ends = group.delimiter() == Delimiter::Brace
                    && !matches!(rest.peek(), Some(TokenTree::Ident(word)) if word == "else")
                    && !matches!(rest.peek(), Some(TokenTree::Punct(mark)) if !matches!(mark.as_char(), '#' | '\''));
                if ends {
                    deep -= *run;
                    *run = 0;
                }
                let opened = if ends { 1 } else { 0 };
                deep += opened;
                *run += opened;
                open.push((group.stream().into_iter().peekable(), 0));
            }
            TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => {
                deep -= *run;
                *run = 0;
            }
            TokenTree::Ident(name) if may_have_long_names && is_too_long(&name) => {
                return Some((name.span(), format!("a name of more than {LONGEST} bytes")));
            }
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
    }
    None
}

/// Whether more than [`LONGEST`] bytes that a name can have stand side by side. So many cover one of the places looked at.
fn has_long_word(text: &[u8]) -> bool {
    let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || !byte.is_ascii();
    (0..text.len()).step_by(LONGEST).any(|place| {
        let (before, after) = text.split_at(place);
        let before = before.iter().rev().take(LONGEST).take_while(is_of_word).count();
        let after = after.iter().take(LONGEST + 1).take_while(is_of_word).count();
        after > 0 && before + after > LONGEST
    })
}

/// Whether a name is too long; that of an attribute which is written as a comment stands for all of the comment.
fn is_too_long(name: &Ident) -> bool {
    name.span().byte_range().len() > LONGEST && name.to_string().len() > LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_too_deep(code: &str) -> bool {
        beyond_limits(code, &code.parse().unwrap()).is_some_and(|(_, why)| why.starts_with("nested"))
    }

    #[test]
    fn nesting_is_bounded_however_it_is_written() {
        let deep = DEEPEST + 1;
        assert!(is_too_deep(&format!("{}1{}", "(".repeat(deep), ")".repeat(deep))));
        assert!(is_too_deep(&"!".repeat(deep)));
        assert!(is_too_deep(&format!("{}1", "1 + ".repeat(deep))));
        assert!(is_too_deep(&"if a {} else ".repeat(deep)));
        assert!(is_too_deep(&"Vec<".repeat(deep)));
        assert!(is_too_deep(&"| a | ".repeat(deep)));
    }

    #[test]
    fn length_alone_is_not_depth() {
        let long = DEEPEST * 3;
        assert!(!is_too_deep(&"#[test] fn f() {} ".repeat(long)));
        assert!(!is_too_deep(&"1, ".repeat(long)));
        assert!(!is_too_deep(&"a = b; ".repeat(long)));
        assert!(!is_too_deep(&"A => {} ".repeat(long)));
        assert!(!is_too_deep(&format!("fn f() {{ {} }}", "if a { b } ".repeat(long))));
    }

    #[test]
    fn a_long_name_is_noticed_wherever_it_stands() {
        for before in [0, 1, 2, LONGEST - 1, LONGEST, LONGEST + 1, LONGEST * 2 - 1] {
            for (length, is_long) in [(LONGEST, false), (LONGEST + 1, true)] {
                let text = format!("{}{} ", " ".repeat(before), "a".repeat(length));
                assert_eq!(has_long_word(text.as_bytes()), is_long, "{length} after {before}");
            }
        }
    }

    #[test]
    fn names_are_as_long_as_programs_make_them() {
        let why = |length: usize| {
            let code = format!("fn {}() {{}}", "a".repeat(length));
            beyond_limits(&code, &code.parse().unwrap())
        };
        assert!(why(LONGEST).is_none());
        assert_eq!(why(LONGEST + 1).unwrap().1, "a name of more than 4096 bytes");
        for (open, close) in [("/*!", "*/"), ("//!", "\n"), ("/**", "*/"), ("#![doc = \"", "\"]")] {
            let code = format!("{open}{}{close}fn f() {{}}", "a".repeat(LONGEST * 2));
            assert!(beyond_limits(&code, &code.parse().unwrap()).is_none(), "{open}");
        }
    }
}
