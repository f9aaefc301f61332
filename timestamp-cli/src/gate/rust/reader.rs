//! Reads a file's syntax tree: which paths it mentions where, and what is refused whatever names stand for.
//!
//! This is the state of reading and what it keeps. [`syntax`] goes through the tree and says what each construct means for
//! it.

mod attributes;
mod blocks;
mod macros;
mod signature;
mod syntax;
mod within;

use std::ops::Range;
use std::sync::Arc;

use proc_macro2::Span;
use syn::visit::Visit as _;

use crate::gate::finding::{Finding, Fix};
use crate::gate::rule::Rule;
use crate::gate::rust::declarations::Declarations;
use crate::gate::rust::imports::{self, plain};
use crate::gate::rust::literal::Literal;
use crate::gate::rust::paths;
use crate::gate::rust::sketch::{Mention, Place, Sketch};
use crate::gate::rust::variables::Variables;
use crate::gate::sql;
use blocks::{Blocks, Resolved};
use within::Within;

/// The longest path that is followed, in bytes. No watched one comes near it, however many modules lead there.
pub(super) const LONGEST_PATH: usize = 512;

/// The state of reading one file.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// Where the text begins that was parsed: behind a byte order mark or a `#!` line.
    base: usize,
    names_chrono: bool,
    sketch: Sketch,
    module: Arc<str>,
    blocks: Blocks,
    variables: Variables,
    declarations: Declarations,
    signature: Option<Option<String>>,
    within: Within,
    this: Vec<Option<String>>,
    macros: u32,
}

/// Reads a file whose module has this path.
pub(super) fn read(text: &str, base: usize, file: &syn::File, module: &str) -> Sketch {
    let mut reader = Reader {
        text,
        base,
        names_chrono: text.contains("chrono"),
        sketch: Sketch::default(),
        module: module.into(),
        blocks: Blocks::default(),
        variables: Variables::default(),
        declarations: Declarations::of(file),
        signature: None,
        within: Within::default(),
        this: Vec::new(),
        macros: 0,
    };
    reader.enter_module(module.to_owned(), &file.items);
    reader.sketch
}

impl<'a> Reader<'a> {
    /// Returns where a piece of code stands in the file.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.base..range.end + self.base
    }

    /// Returns where a path stands in the file, that reads `written`.
    ///
    /// Most paths are written without blanks and arguments, and the end of those is asked for at half the price.
    fn written_range(&self, path: &syn::Path, written: &str) -> Range<usize> {
        let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else { return 0..0 };
        if path.leading_colon.is_none() && last.arguments.is_none() {
            let first = self.range(first.ident.span());
            let whole = first.start..first.start + written.len();
            if self.source(&whole) == written {
                return whole;
            }
        }
        self.path_range(path)
    }

    /// Returns where a path stands in the file.
    pub(super) fn path_range(&self, path: &syn::Path) -> Range<usize> {
        paths::ends(path).map_or(0..0, |(first, last)| self.range(first).start..self.range(last).end)
    }

    /// Returns the file's own words for a piece of code.
    pub(super) fn source(&self, at: &Range<usize>) -> &'a str {
        self.text.get(at.clone()).unwrap_or_default()
    }

    /// Whether the file names chrono anywhere, so that methods which are called like chrono's are its own.
    pub(super) fn names_chrono(&self) -> bool {
        self.names_chrono
    }

    /// Adds a finding that needs no names.
    pub(super) fn refuse(&mut self, rule: &'static Rule, at: Range<usize>, fix: Option<Fix>) {
        let mut finding = Finding::new(rule, self.text, at);
        finding.fix = fix;
        finding.within = self.within.text();
        self.sketch.findings.push(finding);
    }

    /// Adds a path that may be watched, unless a block around it says that it is not.
    pub(super) fn mention(&mut self, path: String, place: Place, at: Range<usize>) {
        let mut path = path;
        if let Some(rest) = path.strip_prefix("Self").filter(|rest| rest.is_empty() || rest.starts_with("::")) {
            // The type itself was judged where it is named.
            if rest.is_empty() {
                return;
            }
            let Some(this) = self.this.last().and_then(Option::as_ref).filter(|this| this.len() < LONGEST_PATH) else {
                return;
            };
            path = format!("{this}{rest}");
        }
        let Some(Resolved { path, globs }) = self.blocks.resolve(path) else { return };
        let within = self.within.text();
        self.sketch.mentions.push(Mention { path, module: Arc::clone(&self.module), globs, place, at, within });
    }

    /// Returns the type of a variable as it was written, if it is bound and its type known.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.type_of(name)
    }

    /// Returns the type of the fields with this name, if all in the file have the same.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.declarations.field(name)
    }

    /// Returns the text of a constant.
    pub(super) fn constant(&self, name: &str) -> Option<&str> {
        self.declarations.constant(name)
    }

    /// Reads the string literal at a place.
    pub(super) fn literal(&self, at: &Range<usize>) -> Option<Literal> {
        Literal::read(self.source(at))
    }

    /// Has a string literal read as SQL.
    pub(super) fn string(&mut self, at: &Range<usize>) {
        let Some(literal) = self.literal(at) else { return };
        let first = self.sketch.findings.len();
        let locate = |part: Range<usize>| {
            let part = literal.locate(&part);
            at.start + part.start..at.start + part.end
        };
        let scanned = sql::scan_literal(&literal.value, &locate, &mut self.sketch.findings);
        if let Err(unreadable) = scanned {
            self.sketch.unreadable.get_or_insert(unreadable);
        }
        let within = self.within.text();
        for finding in self.sketch.findings.iter_mut().skip(first) {
            finding.within.clone_from(&within);
        }
    }

    /// A module whose path is too long to be followed shares the names of the one around it.
    fn enter_module(&mut self, path: String, items: &[syn::Item]) {
        let path = if path.len() > LONGEST_PATH { self.module.to_string() } else { path };
        self.sketch.modules.push((path.clone(), imports::of_items(items)));
        let outer = (
            std::mem::replace(&mut self.module, path.into()),
            std::mem::take(&mut self.blocks),
            std::mem::take(&mut self.variables),
        );
        self.variables.enter();
        items.iter().for_each(|item| self.visit_item(item));
        (self.module, self.blocks, self.variables) = outer;
    }

    fn enter_statements(&mut self, statements: &[syn::Stmt]) {
        let brings_names = self.blocks.enter(imports::of_statements(statements));
        self.variables.enter();
        statements.iter().for_each(|statement| self.visit_stmt(statement));
        self.variables.leave();
        if brings_names {
            self.blocks.leave();
        }
    }

    fn enter_function(&mut self, name: &syn::Ident, signature: &syn::Signature, block: Option<&syn::Block>) {
        self.within.enter(plain(name));
        self.variables.enter();
        self.visit_signature(signature);
        if let Some(block) = block {
            self.visit_block(block);
        }
        self.variables.leave();
        self.within.leave();
    }

    fn bind(&mut self, name: String, ty: Option<String>) {
        self.variables.bind(name, ty.filter(|ty| ty.len() < LONGEST_PATH));
    }
}
