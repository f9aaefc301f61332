//! Tokens of JavaScript and TypeScript with their places in bytes.
//!
//! Written by hand: the parsers of swc and oxc bring dozens of crates and a syntax tree, where the rules ask for strings,
//! templates, names and parentheses only. What can not be told without a grammar is guessed so that a wrong guess costs
//! a line and not the file: a quote without its end on the line is a mark, as in the text of JSX, and `/` begins a
//! regular expression only where no operand is before it.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    Number,
    /// A string in quotes, or a template without substitutions.
    Text,
    /// A template up to its first `${`.
    Head,
    /// A template between `}` and `${`.
    Middle,
    /// The rest of a template, from `}` on.
    Tail,
    Regex,
    /// One mark; `=>`, `?.` and `...` are one each.
    Symbol,
}

/// A token; its text is the slice of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// Cuts `text` into tokens, without white space and comments.
///
/// Returns where a comment or a template begins that does not end, if there is one.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Option<usize>) {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        at: 0,
        tokens: Vec::new(),
        templates: Vec::new(),
        braces: 0,
        no_template: false,
        endless: [0; 3],
    };
    let unreadable = lexer.run();
    (lexer.tokens, unreadable)
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    /// Open templates: where each began, and how many braces were open there.
    templates: Vec<(usize, usize)>,
    braces: usize,
    /// Whether no piece of a template that begins from here on can end, as one did not.
    no_template: bool,
    /// Up to where no string in `'`, no string in `"` and no regular expression can end, as one did not.
    endless: [usize; 3],
}

/// Which of [`Lexer::endless`] is meant.
const SINGLE: usize = 0;
const DOUBLE: usize = 1;
const REGEX: usize = 2;

impl Lexer<'_> {
    fn run(&mut self) -> Option<usize> {
        if self.bytes.starts_with(b"#!") {
            self.skip_line();
        }
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'/' if self.peek(1) == Some(b'/') => self.skip_line(),
                b'/' if self.peek(1) == Some(b'*') => {
                    let start = self.at;
                    let Some(length) = find(self.rest(2), b"*/") else { return Some(start) };
                    self.at += 2 + length + 2;
                }
                b'/' if self.at >= self.endless[REGEX] && self.is_regex_here() => self.regex(),
                b'\'' if self.at >= self.endless[SINGLE] => self.string(byte, SINGLE),
                b'"' if self.at >= self.endless[DOUBLE] => self.string(byte, DOUBLE),
                b'`' if !self.no_template => self.template(Kind::Head, Kind::Text),
                b'{' => {
                    self.braces += 1;
                    self.push(Kind::Symbol, 1);
                }
                b'}' if !self.no_template
                    && self.templates.last().is_some_and(|(_, braces)| *braces == self.braces) =>
                {
                    self.template(Kind::Middle, Kind::Tail);
                }
                b'}' => {
                    self.braces = self.braces.saturating_sub(1);
                    self.push(Kind::Symbol, 1);
                }
                b'0'..=b'9' => self.run_of(Kind::Number, |byte| is_part(byte) || byte == b'.'),
                _ if is_part(byte) => self.run_of(Kind::Word, is_part),
                b'=' | b'?' if self.peek(1) == Some(if byte == b'=' { b'>' } else { b'.' }) => {
                    self.push(Kind::Symbol, 2)
                }
                b'.' if self.rest(0).starts_with(b"...") => self.push(Kind::Symbol, 3),
                _ => self.push(Kind::Symbol, 1),
            }
        }
        self.templates.first().map(|(start, _)| *start)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        #[cfg(test)]
        crate::gate::work::add(1);
        self.bytes.get(self.at + ahead).copied()
    }

    fn rest(&self, ahead: usize) -> &[u8] {
        self.bytes.get(self.at + ahead..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, at: self.at..self.at + length });
        self.at += length;
    }

    fn run_of(&mut self, kind: Kind, part: impl Fn(u8) -> bool) {
        let length = self.rest(0).iter().take_while(|byte| part(**byte)).count();
        self.push(kind, length);
    }

    fn skip_line(&mut self) {
        self.at += self.rest(0).iter().take_while(|byte| **byte != b'\n').count();
    }

    /// A string ends on its line, unless the line end is escaped.
    fn string(&mut self, quote: u8, which: usize) {
        let mut length = 1;
        while let Some(byte) = self.peek(length) {
            match byte {
                b'\\' if self.peek(length + 1) == Some(b'\r') && self.peek(length + 2) == Some(b'\n') => length += 3,
                b'\\' => length += 2,
                b'\n' => break,
                _ if byte == quote => return self.push(Kind::Text, length + 1),
                _ => length += 1,
            }
        }
        self.endless[which] = self.at + length;
        self.push(Kind::Symbol, 1);
    }

    /// Reads a piece of a template, from a backtick or the brace that ends a substitution.
    fn template(&mut self, opens: Kind, ends: Kind) {
        let mut length = 1;
        while let Some(byte) = self.peek(length) {
            match byte {
                b'\\' => length += 2,
                b'`' => {
                    if ends == Kind::Tail {
                        self.templates.pop();
                    }
                    return self.push(ends, length + 1);
                }
                b'$' if self.peek(length + 1) == Some(b'{') => {
                    if opens == Kind::Head {
                        self.templates.push((self.at, self.braces));
                    }
                    return self.push(opens, length + 2);
                }
                _ => length += 1,
            }
        }
        // Nothing ends it: it is a mark, and so is every later backtick, since none is left to pair with. A template that
        // is open stays so, which is what the caller is told.
        self.no_template = true;
        self.push(Kind::Symbol, 1);
    }

    /// Whether a slash begins a regular expression: not after an operand.
    fn is_regex_here(&self) -> bool {
        let Some(last) = self.tokens.last() else { return true };
        let text = self.bytes.get(last.at.clone()).unwrap_or_default();
        match last.kind {
            Kind::Word => matches!(
                text,
                b"return"
                    | b"typeof"
                    | b"case"
                    | b"in"
                    | b"of"
                    | b"delete"
                    | b"void"
                    | b"throw"
                    | b"else"
                    | b"do"
                    | b"await"
                    | b"yield"
            ),
            Kind::Number | Kind::Text | Kind::Tail | Kind::Regex => false,
            Kind::Head | Kind::Middle => true,
            // After `<` it is the end of an element in JSX.
            Kind::Symbol => !matches!(text, b")" | b"]" | b"}" | b"<"),
        }
    }

    /// A regular expression ends on its line; a slash in brackets does not end it.
    fn regex(&mut self) {
        let mut length = 1;
        let mut class = false;
        while let Some(byte) = self.peek(length) {
            match byte {
                b'\\' => length += 1,
                b'[' => class = true,
                b']' => class = false,
                b'\n' => break,
                b'/' if !class => {
                    length += 1;
                    length += self.rest(length).iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                    return self.push(Kind::Regex, length);
                }
                _ => {}
            }
            length += 1;
        }
        self.endless[REGEX] = self.at + length;
        self.push(Kind::Symbol, 1);
    }
}

/// Whether a byte is part of a name; letters beyond ASCII are.
const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).0.into_iter().map(|token| &text[token.at]).collect()
    }

    #[test]
    fn strings_templates_and_regular_expressions_are_one_token_each() {
        assert_eq!(
            words("f('it\\'s', \"é\") // x'\n/* ' */ + `a\\`b`"),
            ["f", "(", "'it\\'s'", ",", "\"é\"", ")", "+", "`a\\`b`"]
        );
        assert_eq!(
            words("a = /['\"/]\\//g.test(b) / c"),
            ["a", "=", "/['\"/]\\//g", ".", "test", "(", "b", ")", "/", "c"]
        );
        assert_eq!(words("'a\\\r\nb'"), ["'a\\\r\nb'"]);
        assert_eq!(words("#!/usr/bin/env it's\nx?.y => ...z"), ["x", "?.", "y", "=>", "...", "z"]);
    }

    #[test]
    fn templates_are_cut_at_their_substitutions() {
        assert_eq!(
            words("`a${b}c${{d: `e${f}`}}g`"),
            ["`a${", "b", "}c${", "{", "d", ":", "`e${", "f", "}`", "}", "}g`"]
        );
        assert_eq!(tokens("`a${b").1, Some(0));
        assert_eq!(tokens("x `a${b} c").1, Some(2));
        assert_eq!(tokens("x /* a").1, Some(2));
    }

    #[test]
    fn a_quote_without_an_end_costs_nothing_but_itself() {
        assert_eq!(
            words("<p>Don't</p>\nf('x')"),
            ["<", "p", ">", "Don", "'", "t", "<", "/", "p", ">", "f", "(", "'x'", ")"]
        );
        assert_eq!(words("` f('x')"), ["`", "f", "(", "'x'", ")"]);
    }
}
