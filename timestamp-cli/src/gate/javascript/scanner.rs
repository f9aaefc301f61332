//! Goes through tokens once, and applies the rules.

use crate::gate::finding::Finding;
use crate::gate::rule::Rule;

use super::rules;
use super::text::{DateAlone, ends_with_naive_time, is_naive};
use super::token::{Kind, Token};

/// Adds what is refused in tokens to `findings`.
pub(super) fn scan(text: &str, tokens: &[Token], findings: &mut Vec<Finding>) {
    let mut scanner = Scanner { text, tokens, findings, open: Vec::new(), date_until: None };
    for index in 0..tokens.len() {
        scanner.step(index);
    }
}

struct Scanner<'a, 'f> {
    text: &'a str,
    tokens: &'a [Token],
    findings: &'f mut Vec<Finding>,
    open: Vec<Open>,
    /// The token after a `new Date(..)`.
    date_until: Option<usize>,
}

/// An open parenthesis, bracket or brace.
struct Open {
    called: Option<Called>,
    /// The token that names the call.
    name: usize,
    /// The token after the opening.
    start: usize,
    commas: usize,
    spread: bool,
    /// Whether what stands in it leaves the program: an argument of a call that sends, up to the next function's body.
    sent: bool,
}

/// A function that a parenthesis calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    NewDate,
    DateParse,
    /// A function of a library that reads text in the machine's zone.
    Library,
    /// A method of luxon, which takes its zone from an argument after the text.
    Luxon,
    /// A function that sends what it is given.
    Sender,
}

impl<'a> Scanner<'a, '_> {
    fn slice(&self, index: usize) -> &'a str {
        self.tokens.get(index).and_then(|token| self.text.get(token.at.clone())).unwrap_or_default()
    }

    fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// Returns the mark or name so many tokens before; nothing where a string or no token is.
    fn before(&self, index: usize, back: usize) -> &'a str {
        match index.checked_sub(back) {
            Some(before) if matches!(self.kind(before), Some(Kind::Word | Kind::Symbol)) => self.slice(before),
            _ => "",
        }
    }

    fn step(&mut self, index: usize) {
        match self.kind(index) {
            Some(Kind::Symbol) => match self.slice(index) {
                "(" => self.open_call(index),
                "{" | "[" => self.open_group(index),
                ")" => {
                    if let Some(open) = self.open.pop() {
                        self.close(&open, index);
                    }
                }
                "}" | "]" => {
                    self.open.pop();
                }
                "," => {
                    if let Some(open) = self.open.last_mut() {
                        open.commas += 1;
                    }
                }
                "..." => {
                    if let Some(open) = self.open.last_mut() {
                        open.spread = true;
                    }
                }
                _ => {}
            },
            Some(Kind::Word) => self.method(index),
            _ => {}
        }
    }

    fn is_sent(&self) -> bool {
        self.open.last().is_some_and(|open| open.sent)
    }

    fn open_call(&mut self, index: usize) {
        let called = self.called(index);
        let sent = self.is_sent() || called == Some(Called::Sender);
        let name = index.saturating_sub(1);
        self.open.push(Open { called, name, start: index + 1, commas: 0, spread: false, sent });
    }

    fn open_group(&mut self, index: usize) {
        // Statements of a function are not what is sent; an object or a list may be.
        let body = self.slice(index) == "{"
            && matches!(self.before(index, 1), "=>" | ")" | "else" | "try" | "finally" | "do" | ";" | "{" | "}");
        let sent = self.is_sent() && !body;
        self.open.push(Open { called: None, name: index, start: index + 1, commas: 0, spread: false, sent });
    }

    fn called(&self, parenthesis: usize) -> Option<Called> {
        let (name, dot, of) = (self.before(parenthesis, 1), self.before(parenthesis, 2), self.before(parenthesis, 3));
        let of = if matches!(dot, "." | "?.") { of } else { "" };
        let method = !matches!(dot, "." | "?.");
        match name {
            "Date" if dot == "new" => Some(Called::NewDate),
            "Date"
                if matches!(of, "window" | "globalThis" | "self" | "global")
                    && self.before(parenthesis, 4) == "new" =>
            {
                Some(Called::NewDate)
            }
            "parse" if of == "Date" => Some(Called::DateParse),
            "moment" | "dayjs" | "parseISO" if method && dot != "function" => Some(Called::Library),
            "fromISO" | "fromSQL" if of == "DateTime" => Some(Called::Luxon),
            "stringify" if of == "JSON" => Some(Called::Sender),
            "fetch" | "axios" => Some(Called::Sender),
            "post" | "put" | "patch" | "send" | "json" | "sendBeacon" | "postMessage"
                if !of.is_empty() || dot == "." =>
            {
                Some(Called::Sender)
            }
            _ => None,
        }
    }

    /// Judges a call where its arguments end.
    fn close(&mut self, open: &Open, index: usize) {
        // A comma may follow the last argument.
        let trailing = self.before(index, 1) == ",";
        let arguments = match open.commas {
            _ if open.start == index => 0,
            commas if trailing => commas,
            commas => commas + 1,
        };
        let last = index.saturating_sub(if trailing { 2 } else { 1 });
        match open.called {
            Some(Called::NewDate) => {
                // `new Date(`, or `new window.Date(`.
                let first = open.name.saturating_sub(if self.before(open.name, 1) == "new" { 1 } else { 3 });
                if arguments >= 2 && !open.spread {
                    self.report(&rules::LOCAL_COMPONENTS, first, index);
                } else if arguments == 1 && self.is_naive_argument(open.start, last) {
                    self.report(&rules::NAIVE_TEXT, first, index);
                }
                self.date_until = Some(index + 1);
            }
            Some(Called::DateParse) if arguments == 1 && self.is_naive_argument(open.start, last) => {
                self.report(&rules::NAIVE_TEXT, open.name - 2, index);
            }
            Some(called @ (Called::Library | Called::Luxon)) if called == Called::Library || arguments == 1 => {
                let whole = last == open.start || self.slice(open.start + 1) == ",";
                if whole && self.content(open.start).is_some_and(|text| is_naive(text, DateAlone::Local)) {
                    let first = if called == Called::Luxon { open.name - 2 } else { open.name };
                    self.report(&rules::NAIVE_TEXT, first, index);
                }
            }
            _ => {}
        }
    }

    /// Whether an argument of `Date` is text without an offset, or is put together and ends with a time without one.
    fn is_naive_argument(&self, first: usize, last: usize) -> bool {
        if first == last {
            return self.content(first).is_some_and(|text| is_naive(text, DateAlone::Utc));
        }
        let joined = self.before(last, 1) == "+" || self.kind(last) == Some(Kind::Tail);
        joined && self.content(last).is_some_and(ends_with_naive_time)
    }

    /// Returns what stands in a string, or in the last piece of a template.
    fn content(&self, index: usize) -> Option<&'a str> {
        if !matches!(self.kind(index), Some(Kind::Text | Kind::Tail)) {
            return None;
        }
        let text = self.slice(index);
        text.get(1..text.len().checked_sub(1)?)
    }

    /// A method that gives a local time, where what it gives is sent.
    fn method(&mut self, index: usize) {
        if !self.is_sent() || !matches!(self.before(index, 1), "." | "?.") || self.slice(index + 1) != "(" {
            return;
        }
        let local = match self.slice(index) {
            "toLocaleDateString" | "toLocaleTimeString" | "toDateString" | "toTimeString" | "getFullYear"
            | "getMonth" | "getDate" | "getDay" | "getHours" | "getMinutes" | "getSeconds" => true,
            // Numbers have these too.
            "toLocaleString" | "toString" => self.is_date(index - 1),
            _ => false,
        };
        if local {
            self.report(&rules::LOCAL_SENT, index, index);
        }
    }

    /// Whether what ends before a token is a date: made so just there, or called so.
    fn is_date(&self, end: usize) -> bool {
        if self.date_until == Some(end) {
            return true;
        }
        let name = self.before(end, 1);
        let lower = name.to_ascii_lowercase();
        lower == "now"
            || lower.ends_with("date")
            || lower.ends_with("timestamp")
            || name.ends_with("At")
            || lower.ends_with("_at")
    }

    fn report(&mut self, rule: &'static Rule, first: usize, last: usize) {
        let start = self.tokens.get(first).map_or(0, |token| token.at.start);
        let end = self.tokens.get(last).map_or(start, |token| token.at.end);
        self.findings.push(Finding::new(rule, self.text, start..end));
    }
}
