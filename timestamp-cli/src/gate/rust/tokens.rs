//! Paths and literals in tokens that are no code yet: what macros are given, and what attributes say.

use std::ops::Range;
use std::str::FromStr as _;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use crate::gate::rust::calls;
use crate::gate::rust::format::strftime_lacks_zone;
use crate::gate::rust::imports::plain;
use crate::gate::rust::reader::Reader;
use crate::gate::rust::rules;
use crate::gate::rust::sketch::Place;

/// Reads what a macro is given, where it is no code that stands for itself.
pub(super) fn read(reader: &mut Reader<'_>, tokens: &TokenStream) {
    Walk { reader, attribute: false, at: None }.walk(tokens);
}

/// Reads what an attribute says; its texts may be paths, as in `#[serde(default = "Utc::now")]`.
pub(super) fn read_attribute(reader: &mut Reader<'_>, tokens: &TokenStream) {
    Walk { reader, attribute: true, at: None }.walk(tokens);
}

/// Refuses columns without a zone in diesel's `table!`, which has its own names for types: `at -> Timestamp`.
pub(super) fn read_table(reader: &mut Reader<'_>, tokens: &TokenStream) {
    let mut in_type = false;
    let mut before = None;
    for token in tokens.clone() {
        match &token {
            TokenTree::Group(group) => read_table(reader, &group.stream()),
            TokenTree::Punct(mark) => {
                in_type |= before == Some('-') && mark.as_char() == '>';
                in_type &= mark.as_char() != ',';
                before = Some(mark.as_char());
                continue;
            }
            TokenTree::Ident(name) if in_type && (name == "Timestamp" || name == "Datetime") => {
                let at = reader.range(name.span());
                reader.refuse(&rules::NAIVE_TYPE, at, None);
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
        before = None;
    }
}

struct Walk<'a, 'text> {
    reader: &'a mut Reader<'text>,
    attribute: bool,
    /// Where all of it stands, if it comes out of a text.
    at: Option<Range<usize>>,
}

impl Walk<'_, '_> {
    fn range(&self, token: &TokenTree) -> Range<usize> {
        self.at.clone().unwrap_or_else(|| self.reader.range(token.span()))
    }

    fn walk(&mut self, tokens: &TokenStream) {
        let tokens: Vec<_> = tokens.clone().into_iter().collect();
        let mut next = 0;
        while let Some(token) = tokens.get(next) {
            #[cfg(test)]
            crate::gate::work::add(1);
            next += 1;
            match token {
                TokenTree::Group(group) => self.walk(&group.stream()),
                TokenTree::Literal(_) => self.literal(token),
                TokenTree::Punct(mark) if mark.as_char() == '.' => self.method(&tokens, next),
                TokenTree::Punct(mark) if mark.as_char() == '<' => next += self.qualified(&tokens, next),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(_) => next += self.path(&tokens, next - 1) - 1,
            }
        }
    }

    fn literal(&mut self, token: &TokenTree) {
        let at = self.range(token);
        if self.at.is_some() {
            return;
        }
        self.reader.string(&at);
        if self.attribute
            && let Some(literal) = self.reader.literal(&at)
            && literal.value.contains("::")
            && let Ok(path) = TokenStream::from_str(&literal.value)
        {
            Walk { reader: self.reader, attribute: true, at: Some(at) }.walk(&path);
        }
    }

    /// Mentions the path that begins at a token; returns how many tokens it takes.
    fn path(&mut self, tokens: &[TokenTree], first: usize) -> usize {
        let leading = first >= 2
            && colons(tokens, first - 2)
            && !matches!(first.checked_sub(3).and_then(|before| tokens.get(before)), Some(TokenTree::Ident(_)));
        let (path, length) = written(tokens, first);
        let (Some(from), Some(to)) = (tokens.get(first), tokens.get(first + length - 1)) else { return length };
        let mut at = self.range(from).start..self.range(to).end;
        let mut path = if leading { format!("::{path}") } else { path };
        // Of a method, its path and its name are one: `UNIX_EPOCH.elapsed()`.
        let after = first + length;
        if let (Some(TokenTree::Punct(dot)), Some(name @ TokenTree::Ident(method))) =
            (tokens.get(after), tokens.get(after + 1))
            && dot.as_char() == '.'
            && method == "elapsed"
        {
            at.end = self.range(name).end;
            path.push_str("::elapsed");
        }
        self.reader.mention(path, Place::Code, at);
        length
    }

    /// Mentions `T::name` of `<T>::name`; returns how many tokens behind the `<` it takes.
    fn qualified(&mut self, tokens: &[TokenTree], first: usize) -> usize {
        if !matches!(tokens.get(first), Some(TokenTree::Ident(_))) {
            return 0;
        }
        let (path, length) = written(tokens, first);
        let close = first + length;
        let is_closed = matches!(tokens.get(close), Some(TokenTree::Punct(mark)) if mark.as_char() == '>');
        if !is_closed || !colons(tokens, close + 1) || !matches!(tokens.get(close + 3), Some(TokenTree::Ident(_))) {
            return 0;
        }
        let (name, taken) = written(tokens, close + 3);
        let end = close + 3 + taken;
        if let (Some(from), Some(to)) = (tokens.get(first), tokens.get(end - 1)) {
            let at = self.range(from).start..self.range(to).end;
            self.reader.mention(format!("{path}::{name}"), Place::Code, at);
        }
        end - first
    }

    /// Looks at the call of a method by what it is given: `.format("..")`, `.naive_utc()`.
    fn method(&mut self, tokens: &[TokenTree], name: usize) {
        if let (Some(name @ TokenTree::Ident(method)), Some(TokenTree::Group(group))) =
            (tokens.get(name), tokens.get(name + 1))
            && group.delimiter() == Delimiter::Parenthesis
            && self.at.is_none()
        {
            let at = self.range(name);
            let arguments: Vec<_> = group.stream().into_iter().collect();
            match (method.to_string().as_str(), arguments.first(), arguments.last()) {
                ("format" | "strftime", Some(literal @ TokenTree::Literal(_)), _) => {
                    let at = self.range(literal);
                    calls::pattern_literal(self.reader, at, strftime_lacks_zone);
                }
                ("naive_utc" | "naive_local", None, None) => self.reader.refuse(&rules::MADE_NAIVE, at, None),
                ("to_rfc3339_opts", _, Some(z @ TokenTree::Ident(word))) if word == "false" => {
                    let at = self.range(z);
                    self.reader.refuse(&rules::FORMAT_WITHOUT_Z, at, None);
                }
                _ => {}
            }
        }
    }
}

/// Whether `::` stands at a place.
fn colons(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at: usize| match tokens.get(at) {
        Some(TokenTree::Punct(mark)) if mark.as_char() == ':' => Some(mark.spacing()),
        _ => None,
    };
    is_colon(at) == Some(Spacing::Joint) && is_colon(at + 1).is_some()
}

/// Returns the path that begins at a word, without arguments of types, and how many tokens it takes.
fn written(tokens: &[TokenTree], first: usize) -> (String, usize) {
    let mut path = String::new();
    let mut at = first;
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(&plain(name));
        at += 1;
        if !colons(tokens, at) {
            break;
        }
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(_)) => at += 2,
            _ => break,
        }
    }
    (path, at - first)
}
