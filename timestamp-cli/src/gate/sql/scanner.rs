//! Goes through tokens once, and applies the rules.
//!
//! What it keeps in mind is small: the kind of the statement, the parentheses that are open, whether a default, an
//! assignment or a block of declarations is under way. Each token is looked at together with a bounded number of
//! neighbours, so the work is linear; bodies of functions are texts of their own, read in turn.

mod assignment;
mod bodies;
mod calls;
mod types;

use std::ops::Range;

use crate::gate::finding::{self, Finding, Unreadable};
use crate::gate::rule::Rule;

use super::clock_call::{clock_call, is_free};
use super::rules;
use super::source::Source;
use super::statement;
use super::token::Kind;

/// Where text stands: what surrounds it, and where its bytes are in the file.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    pub(super) locate: &'f dyn Fn(Range<usize>) -> Range<usize>,
    /// What the statement is that it is a piece of; of a whole one, its words tell.
    pub(super) kind: statement::Kind,
    /// Whether it is the body of a trigger.
    pub(super) trigger: bool,
    /// How many bodies it is in.
    pub(super) depth: usize,
}

impl<'f> Place<'f> {
    /// The outermost one.
    pub(super) fn new(locate: &'f dyn Fn(Range<usize>) -> Range<usize>) -> Self {
        Self { locate, kind: statement::Kind::Other, trigger: false, depth: 0 }
    }
}

/// Adds what is refused in tokens to `findings`.
///
/// # Errors
///
/// Where code within a string, such as the body of a function, can not be read; what was found around it is kept.
pub(super) fn scan(source: Source<'_>, place: Place<'_>, findings: &mut Vec<Finding>) -> Result<(), Unreadable> {
    let mut scanner = Scanner {
        source,
        place,
        findings,
        unreadable: Ok(()),
        statement: Statement { kind: place.kind, ..Statement::default() },
        parentheses: Vec::new(),
        declaring: false,
        zoned_until: None,
    };
    let mut index = 0;
    while index < source.tokens.len() {
        index = scanner.step(index).max(index + 1);
    }
    scanner.end_assignment();
    scanner.unreadable
}

struct Scanner<'a, 'f> {
    source: Source<'a>,
    place: Place<'f>,
    findings: &'f mut Vec<Finding>,
    /// The first code within a string that could not be read.
    unreadable: Result<(), Unreadable>,
    statement: Statement,
    parentheses: Vec<Parenthesis>,
    /// Between `DECLARE` and `BEGIN`.
    declaring: bool,
    /// The token after an operand that is known to have a zone.
    zoned_until: Option<usize>,
}

#[derive(Default)]
struct Statement {
    kind: statement::Kind,
    /// Whether it is a trigger, or a function that returns one.
    trigger: bool,
    /// How many `BEGIN` and `CASE` are open.
    blocks: usize,
    /// Whether a query began, in which no type follows a name.
    selecting: bool,
    /// Whether assignments follow `SET`.
    setting: bool,
    /// How many parentheses were open where a `DEFAULT` began.
    default: Option<usize>,
    /// A column that is being assigned in a trigger, whose name says that it is a time of the row.
    assigned: Option<usize>,
}

/// An open parenthesis.
#[derive(Default)]
struct Parenthesis {
    /// The word before it, if it calls a function.
    called: Option<usize>,
    commas: usize,
    /// The token after the opening.
    start: usize,
    /// Whether an argument is `'now'`, or a modifier that stands for it.
    now: bool,
    /// Whether an argument is `'localtime'`.
    local: bool,
    /// Whether something in it is known to have a zone, or is cast to a type that has one.
    zoned: bool,
    /// The last argument that is a string.
    text: Option<usize>,
}

impl<'a> Scanner<'a, '_> {
    /// Applies the rules to a token, and returns the next one to look at.
    fn step(&mut self, index: usize) -> usize {
        match self.source.kind(index) {
            Some(Kind::Word) => self.word(index),
            Some(Kind::Symbol) => self.symbol(index),
            Some(Kind::Text | Kind::Quoted) => {
                self.argument(index);
                self.assigned_column(index);
                self.text(index);
                index + 1
            }
            Some(Kind::Dollar) => {
                self.dollar(index);
                index + 1
            }
            Some(Kind::Value) | None => index + 1,
        }
    }

    fn symbol(&mut self, index: usize) -> usize {
        match self.source.slice(index) {
            "(" => self.parentheses.push(Parenthesis {
                called: self.called(index),
                start: index + 1,
                ..Default::default()
            }),
            ")" => {
                if self.statement.default.is_some_and(|depth| depth >= self.parentheses.len()) {
                    self.statement.default = None;
                }
                if let Some(parenthesis) = self.parentheses.pop() {
                    self.close(&parenthesis, index);
                }
            }
            "," => {
                if self.statement.default == Some(self.parentheses.len()) {
                    self.statement.default = None;
                }
                if self.parentheses.is_empty() {
                    self.end_assignment();
                }
                if let Some(parenthesis) = self.parentheses.last_mut() {
                    parenthesis.commas += 1;
                }
            }
            ";" => self.end_statement(),
            "::" => return self.cast(index),
            _ => {}
        }
        index + 1
    }

    /// The function that a parenthesis calls.
    fn called(&self, parenthesis: usize) -> Option<usize> {
        parenthesis.checked_sub(1).filter(|name| {
            self.source.kind(*name) == Some(Kind::Word)
                // `SELECT (x)` calls nothing.
                && !statement::is_structural(self.source.word(*name).as_str())
                && is_free(&self.source, *name)
        })
    }

    fn end_statement(&mut self) {
        self.end_assignment();
        self.parentheses.clear();
        self.statement.default = None;
        self.statement.setting = false;
        if self.statement.blocks == 0 {
            self.statement = Statement::default();
        }
    }

    fn word(&mut self, index: usize) -> usize {
        let word = self.source.word(index);
        match word.as_str() {
            "create" | "alter" | "add" if self.parentheses.is_empty() => {
                if let Some(kind) = statement::kind(&self.source, index) {
                    self.statement.kind = kind;
                    self.statement.trigger |= kind == statement::Kind::Trigger;
                    self.statement.selecting = false;
                }
            }
            "returns" if self.source.is_word(index + 1, "trigger") => self.statement.trigger = true,
            "declare" => self.declaring = true,
            "begin" => {
                self.declaring = false;
                if matches!(self.statement.kind, statement::Kind::Routine | statement::Kind::Trigger) {
                    self.statement.blocks += 1;
                }
            }
            "case" if self.statement.blocks > 0 => self.statement.blocks += 1,
            "end" => return self.end_of_block(index),
            // Ends a batch of SQL Server, whatever is open.
            "go" if self.ends_batch(index) => {
                self.statement.blocks = 0;
                self.end_statement();
            }
            "select" | "insert" | "update" | "delete" => {
                self.declaring = false;
                self.statement.selecting |= word.as_str() == "select";
            }
            "set" => {
                self.declaring = false;
                self.statement.setting = true;
            }
            "where" | "from" => {
                self.end_assignment();
                self.statement.setting = false;
            }
            "default" => self.statement.default = Some(self.parentheses.len()),
            "new" | "old" => self.statement.assigned = None,
            "not" | "null" | "primary" | "unique" | "check" | "references" | "constraint" | "generated" | "comment"
            | "on" | "collate"
                if self.statement.default == Some(self.parentheses.len()) =>
            {
                self.statement.default = None;
            }
            "at" if self.source.are_words(index + 1, &["time", "zone"]) => return self.at_time_zone(index),
            _ => {}
        }
        self.assigned_column(index);
        if let Some(call) = clock_call(&self.source, index) {
            self.report_clock(index..call.end);
            if call.zoned {
                self.zoned(call.end);
            }
            return call.end;
        }
        self.time_type(index)
    }

    fn end_of_block(&mut self, index: usize) -> usize {
        match self.source.word(index + 1).as_str() {
            "if" | "loop" | "while" | "repeat" | "for" => index + 2,
            "case" => {
                self.statement.blocks = self.statement.blocks.saturating_sub(1);
                index + 2
            }
            _ => {
                self.statement.blocks = self.statement.blocks.saturating_sub(1);
                index + 1
            }
        }
    }

    fn ends_batch(&self, index: usize) -> bool {
        let next = self.source.word(index + 1);
        self.source.kind(index + 1).is_none()
            || matches!(
                next.as_str(),
                "create" | "alter" | "insert" | "update" | "delete" | "select" | "set" | "use" | "drop" | "if" | "exec"
            )
    }

    /// The rule that a call for the time breaks here.
    fn rule_of_clock(&mut self, index: usize) -> &'static Rule {
        let on_update = index.checked_sub(2).is_some_and(|before| self.source.are_words(before, &["on", "update"]));
        if self.in_trigger() {
            self.statement.assigned = None;
            &rules::TRIGGER
        } else if self.statement.default.is_some() || on_update {
            &rules::DEFAULT
        } else {
            &rules::NOW
        }
    }

    /// Reports tokens that ask for the time.
    fn report_clock(&mut self, tokens: Range<usize>) {
        let rule = self.rule_of_clock(tokens.start);
        self.report(rule, tokens);
    }

    fn in_trigger(&self) -> bool {
        self.place.trigger || self.statement.trigger
    }

    /// Notes that an operand which ends before `end` has a zone.
    fn zoned(&mut self, end: usize) {
        self.zoned_until = Some(end);
        if let Some(parenthesis) = self.parentheses.last_mut() {
            parenthesis.zoned = true;
        }
    }

    fn report(&mut self, rule: &'static Rule, tokens: Range<usize>) {
        let start = self.source.at(tokens.start).start;
        let end = tokens.end.checked_sub(1).map_or(start, |last| self.source.at(last).end).max(start);
        let words = finding::words(self.source.text.get(start..end).unwrap_or_default());
        self.findings.push(Finding { rule, at: (self.place.locate)(start..end), words, fix: None, within: None });
    }
}
