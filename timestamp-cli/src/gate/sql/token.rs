//! Tokens with their places in bytes, from text that may hold more than SQL.
//!
//! The tokenizer is sqlparser's. It stops where a quote is left open, and does not know the commands of clients such as
//! `psql`; so those are blanked before ([`super::client`]), and after a failure reading goes on in the next
//! line, a bounded number of times so that the work stays linear.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Token as Parsed, TokenWithSpan, Tokenizer, Whitespace};

use crate::gate::finding::Unreadable;

use super::client;
use super::flavour::Flavour;

/// What a token is, as far as the rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in quotes.
    Quoted,
    /// A string in single quotes, or one that only MySQL reads from double quotes.
    Text,
    /// A string between dollar signs.
    Dollar,
    /// A number or a parameter.
    Value,
    /// Anything else: one operator or one mark.
    Symbol,
}

/// A token; its text is the slice of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// How often reading goes on after a failure.
const RESUMED: usize = 8;

/// How deep comments that MySQL executes are read in each other.
const HINTS_DEEP: usize = 4;

/// Cuts `text` into tokens, without white space and comments.
///
/// Returns where the first part stands that could not be read, if there is one; tokens before and after it are there.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Option<usize>) {
    let readable = client::blanked(text);
    let flavours = Flavour::by_likelihood(text);
    let mut reader = Reader { buffer: Vec::new(), tokens: Vec::new() };
    for flavour in flavours {
        reader.tokens.clear();
        if reader.read(&readable, flavour, 0, 0).is_ok() {
            return (reader.tokens, None);
        }
    }
    let mut unreadable = None;
    let mut start = 0;
    reader.tokens.clear();
    for _ in 0..RESUMED {
        let rest = readable.get(start..).unwrap_or_default();
        let Err(stopped) = reader.read(rest, flavours[0], start, 0) else { break };
        unreadable.get_or_insert(stopped);
        let Some(line) = readable.get(stopped..).and_then(|rest| rest.find('\n')) else { break };
        start = stopped + line + 1;
    }
    (reader.tokens, unreadable)
}

/// Tells of a place that [`tokens`] could not read.
pub(super) fn unreadable(at: usize) -> Unreadable {
    let why =
        "a quote or a comment that begins here and ends nowhere; the text was read on from the next line".to_owned();
    Unreadable { at, why }
}

struct Reader {
    buffer: Vec<TokenWithSpan>,
    tokens: Vec<Token>,
}

impl Reader {
    /// Adds the tokens of `text`, which begins at byte `start` of the source; on failure says where it stopped.
    fn read(&mut self, text: &str, flavour: Flavour, start: usize, depth: usize) -> Result<(), usize> {
        #[cfg(test)]
        crate::gate::work::add(text.len());
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let outcome = Tokenizer::new(&flavour, text).with_unescape(false).tokenize_with_location_into_buf(&mut buffer);
        let mut cursor = Cursor { text, byte: 0, line: 1, column: 1 };
        let mut hints = Ok(());
        for TokenWithSpan { token, span } in &buffer {
            // The data of a COPY is handed over before the semicolon that it follows.
            if matches!(token, Parsed::CopyData { .. }) {
                continue;
            }
            let from = cursor.advance(span.start);
            let to = cursor.advance(span.end);
            let Some(kind) = kind(token) else {
                if let Parsed::Whitespace(Whitespace::MultiLineComment(comment)) = token {
                    hints = hints.and(self.read_hint(comment, text, from..to, flavour, start, depth));
                }
                continue;
            };
            self.tokens.push(Token { kind, at: start + from..start + to });
        }
        self.buffer = buffer;
        outcome.map_err(|_| start + cursor.byte).and(hints)
    }

    /// Adds the tokens of a comment that MySQL executes, such as `/*!50003 TRIGGER .. */`.
    fn read_hint(
        &mut self,
        comment: &str,
        text: &str,
        at: Range<usize>,
        flavour: Flavour,
        start: usize,
        depth: usize,
    ) -> Result<(), usize> {
        if depth == HINTS_DEEP || !comment.starts_with('!') {
            return Ok(());
        }
        let code = comment.trim_start_matches('!').trim_start_matches(|digit: char| digit.is_ascii_digit());
        let from = at.start + "/*".len() + (comment.len() - code.len());
        let within = text.get(from..from + code.len()).unwrap_or_default();
        let mut inner = Self { buffer: Vec::new(), tokens: std::mem::take(&mut self.tokens) };
        let outcome = inner.read(within, flavour, start + from, depth + 1);
        self.tokens = inner.tokens;
        outcome
    }
}

fn kind(token: &Parsed) -> Option<Kind> {
    Some(match token {
        Parsed::Whitespace(_) | Parsed::EOF => return None,
        Parsed::Word(word) if word.quote_style.is_none() => Kind::Word,
        Parsed::Word(_) => Kind::Quoted,
        Parsed::Number(..) | Parsed::Placeholder(_) | Parsed::HexStringLiteral(_) => Kind::Value,
        Parsed::SingleQuotedString(_)
        | Parsed::DoubleQuotedString(_)
        | Parsed::NationalStringLiteral(_)
        | Parsed::EscapedStringLiteral(_)
        | Parsed::QuoteDelimitedStringLiteral(_)
        | Parsed::NationalQuoteDelimitedStringLiteral(_) => Kind::Text,
        Parsed::DollarQuotedString(_) => Kind::Dollar,
        _ => Kind::Symbol,
    })
}

/// Turns lines and columns, which is how sqlparser says where a token stands, into bytes. Moves forward only.
struct Cursor<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
    column: u64,
}

impl Cursor<'_> {
    fn advance(&mut self, to: Location) -> usize {
        let mut rest = self.text.get(self.byte..).unwrap_or_default().chars();
        while (self.line, self.column) < (to.line, to.column) {
            let Some(character) = rest.next() else { break };
            self.byte += character.len_utf8();
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let (tokens, unreadable) = tokens(text);
        assert_eq!(unreadable, None, "{text}");
        tokens.into_iter().map(|token| &text[token.at]).collect()
    }

    #[test]
    fn tokens_are_slices_of_the_source() {
        assert_eq!(words("SELECT 'é\r\nß', now()\r\n;"), ["SELECT", "'é\r\nß'", ",", "now", "(", ")", ";"]);
        assert_eq!(words("a$$b"), ["a$$b"]);
        assert_eq!(words("AS $x$ it's $x$ , \"q\"\"\" , `b`"), ["AS", "$x$ it's $x$", ",", "\"q\"\"\"", ",", "`b`"]);
    }

    #[test]
    fn each_engine_reads_its_comments_and_strings() {
        assert_eq!(words("/* a /* b */ now() */ 1"), ["1"]);
        assert_eq!(words("/* a /* b */ 1"), ["1"]);
        assert_eq!(words("SELECT `a`, 'it\\'s' # it's\n, 1"), ["SELECT", "`a`", ",", "'it\\'s'", ",", "1"]);
        assert_eq!(words("a #>> '{b}' -- it's"), ["a", "#>>", "'{b}'"]);
        assert_eq!(words("/*!50003 SET */ /*!x /*!y*/ */ a"), ["SET", "x", "y", "a"]);
    }

    #[test]
    fn data_of_a_copy_is_not_read() {
        assert_eq!(
            words("COPY t (a) FROM stdin;\nit's\tnow()\n\\.\nnext"),
            ["COPY", "t", "(", "a", ")", "FROM", "stdin", ";", "next"]
        );
    }

    #[test]
    fn reading_goes_on_in_the_line_after_an_open_quote() {
        let text = "one 'two\nthree; \"four\n five $x$ six\nseven";
        let (tokens, unreadable) = tokens(text);
        let words: Vec<_> = tokens.into_iter().map(|token| &text[token.at]).collect();
        assert_eq!(words, ["one", "three", ";", "five", "seven"]);
        assert_eq!(unreadable, Some(4));
    }
}
