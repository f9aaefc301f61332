//! Reads a file's syntax tree: which paths it mentions where, and what is refused whatever names stand for.

use std::ops::Range;
use std::sync::Arc;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, Lit, LitStr, Pat, Token};

use crate::gate::finding::{Finding, Fix, Unreadable};
use crate::gate::rule::Rule;
use crate::gate::rust::declarations::Declarations;
use crate::gate::rust::imports::{self, plain};
use crate::gate::rust::literal::Literal;
use crate::gate::rust::names::{Meaning, Scope};
use crate::gate::rust::paths::{self, as_written, qualified, type_path};
use crate::gate::rust::variables::Variables;
use crate::gate::rust::{calls, tokens};
use crate::gate::sql;

/// Macros inside of macros are read as code up to this depth, and as single words below it.
const MACROS: u32 = 16;

/// As many globs of the blocks around a path are followed, and those of one block more.
const GLOBS: usize = 16;

/// From so many blocks around a path names are taken, the innermost first.
const BLOCKS: usize = 64;

/// The longest path that is followed, in bytes. No watched one comes near it, however many modules lead there.
pub(super) const LONGEST_PATH: usize = 512;

/// How many bytes tell the function around a finding, with the types and functions around that; a longer name is whole.
const LONGEST_WITHIN: usize = 256;

/// Where a path is mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In code.
    Code,
    /// As the type of something that has this name, or none.
    Signature(Option<String>),
}

/// A path that a file mentions.
#[derive(Debug)]
pub(crate) struct Mention {
    /// As it is written, with what the block around it imports by name put in.
    pub(crate) path: String,
    pub(crate) module: Arc<str>,
    /// What the blocks around it import by `*`.
    pub(crate) globs: Vec<String>,
    pub(crate) place: Place,
    pub(crate) at: Range<usize>,
    pub(crate) within: Option<Arc<str>>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Sketch {
    pub(crate) modules: Vec<(String, Scope)>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) findings: Vec<Finding>,
    /// The first part of the file that could not be read, though the rest could.
    pub(crate) unreadable: Option<Unreadable>,
}

/// The state of reading one file.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// Where the text begins that was parsed: behind a byte order mark or a `#!` line.
    base: usize,
    names_chrono: bool,
    sketch: Sketch,
    module: Arc<str>,
    blocks: Vec<Scope>,
    variables: Variables,
    declarations: Declarations,
    signature: Option<Option<String>>,
    within: Vec<String>,
    /// What `within` reads as, once somebody asked.
    within_text: Option<Arc<str>>,
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
        blocks: Vec::new(),
        variables: Variables::default(),
        declarations: Declarations::of(file),
        signature: None,
        within: Vec::new(),
        within_text: None,
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
        finding.within = self.within();
        self.sketch.findings.push(finding);
    }

    /// Adds a path that may be watched, unless a block around it says that it is not.
    pub(super) fn mention(&mut self, path: String, place: Place, at: Range<usize>) {
        let mut path = path;
        let mut globs = Vec::new();
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
        for block in self.blocks.iter().rev().take(BLOCKS) {
            #[cfg(test)]
            crate::gate::work::add(1);
            if path.len() > LONGEST_PATH {
                return;
            }
            let (first, rest) = path.split_at(path.find(':').unwrap_or(path.len()));
            match block.names.get(first).and_then(|meanings| meanings.first()) {
                Some(Meaning::Alias(alias)) if alias.len() > LONGEST_PATH => return,
                Some(Meaning::Alias(alias)) => path = format!("{alias}{rest}"),
                Some(Meaning::Item | Meaning::Module) => return,
                // Nobody imports so much into a block; who does, is not followed further out.
                None if globs.len() < GLOBS => globs.extend(block.globs.iter().cloned()),
                None => {}
            }
        }
        let within = self.within();
        self.sketch.mentions.push(Mention { path, module: Arc::clone(&self.module), globs, place, at, within });
    }

    /// Returns the function around, with its type; all that is found in it shares one text.
    fn within(&mut self) -> Option<Arc<str>> {
        if self.within.is_empty() {
            return None;
        }
        let within = &self.within;
        Some(Arc::clone(self.within_text.get_or_insert_with(|| innermost(within).into())))
    }

    fn enter(&mut self, name: String) {
        self.within.push(name);
        self.within_text = None;
    }

    fn leave(&mut self) {
        self.within.pop();
        self.within_text = None;
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
        let within = self.within();
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
        let scope = imports::of_statements(statements);
        let brings_names = !scope.names.is_empty() || !scope.globs.is_empty();
        if brings_names {
            self.blocks.push(scope);
        }
        self.variables.enter();
        statements.iter().for_each(|statement| self.visit_stmt(statement));
        self.variables.leave();
        if brings_names {
            self.blocks.pop();
        }
    }

    fn enter_function(&mut self, name: &syn::Ident, signature: &syn::Signature, block: Option<&syn::Block>) {
        self.enter(plain(name));
        self.variables.enter();
        self.visit_signature(signature);
        if let Some(block) = block {
            self.visit_block(block);
        }
        self.variables.leave();
        self.leave();
    }

    /// Visits types of which people say that something has them.
    fn in_signature(&mut self, name: Option<String>, visit: impl FnOnce(&mut Self)) {
        let outer = self.signature.replace(name);
        visit(self);
        self.signature = outer;
    }

    fn in_code(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = self.signature.take();
        visit(self);
        self.signature = outer;
    }

    fn place(&self) -> Place {
        self.signature.clone().map_or(Place::Code, Place::Signature)
    }

    fn bind(&mut self, name: String, ty: Option<String>) {
        self.variables.bind(name, ty.filter(|ty| ty.len() < LONGEST_PATH));
    }

    /// Reads what a macro is given: as expressions, as statements, or else word by word.
    fn macro_body(&mut self, body: &TokenStream) {
        if self.macros < MACROS {
            self.macros += 1;
            let read = self.macro_as_code(body);
            self.macros -= 1;
            if read {
                return;
            }
        }
        tokens::read(self, body);
    }

    fn macro_as_code(&mut self, body: &TokenStream) -> bool {
        if let Ok(expressions) = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(body.clone()) {
            expressions.iter().for_each(|expression| self.visit_expr(expression));
            return true;
        }
        if let Ok(statements) = syn::Block::parse_within.parse2(body.clone()) {
            self.enter_statements(&statements);
            return true;
        }
        false
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if let Some((_, items)) = &module.content {
            self.enter_module(format!("{}::{}", self.module, plain(&module.ident)), items);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.in_code(|reader| reader.enter_statements(&block.stmts));
    }

    // Imports bring names; what is done with them counts.
    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        function.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.enter_function(&function.sig.ident, &function.sig, Some(&function.block));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        function.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.enter_function(&function.sig.ident, &function.sig, Some(&function.block));
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        function.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.enter_function(&function.sig.ident, &function.sig, function.default.as_ref());
    }

    fn visit_foreign_item_fn(&mut self, function: &'ast syn::ForeignItemFn) {
        visit::visit_foreign_item_fn(self, function);
        let name = &function.sig.ident;
        let at = self.range(name.span());
        // A function of the C library, declared by hand.
        self.mention(format!("::libc::{}", plain(name)), Place::Code, at);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = type_path(&item.self_ty).map(as_written);
        let name = of.as_deref().and_then(|path| path.rsplit("::").next()).unwrap_or_default().to_owned();
        self.this.push(of);
        self.enter(name);
        visit::visit_item_impl(self, item);
        self.leave();
        self.this.pop();
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.this.push(None);
        self.enter(plain(&item.ident));
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_generics(&item.generics);
        self.in_signature(None, |reader| {
            item.supertraits.iter().for_each(|bound| reader.visit_type_param_bound(bound));
        });
        item.items.iter().for_each(|item| self.visit_trait_item(item));
        self.leave();
        self.this.pop();
    }

    fn visit_generics(&mut self, generics: &'ast syn::Generics) {
        self.in_signature(None, |reader| visit::visit_generics(reader, generics));
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.visit_generics(&signature.generics);
        for input in &signature.inputs {
            self.visit_fn_arg(input);
        }
        let name = plain(&signature.ident);
        self.in_signature(Some(name), |reader| reader.visit_return_type(&signature.output));
    }

    fn visit_fn_arg(&mut self, argument: &'ast syn::FnArg) {
        match argument {
            syn::FnArg::Receiver(receiver) => visit::visit_receiver(self, receiver),
            syn::FnArg::Typed(typed) => {
                let name = bound_name(&typed.pat);
                self.visit_pat_type(typed);
                self.in_signature(name, |reader| reader.visit_type(&typed.ty));
            }
        }
    }

    fn visit_pat_type(&mut self, typed: &'ast syn::PatType) {
        typed.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_pat(&typed.pat);
        if let Some(name) = bound_name(&typed.pat) {
            self.bind(name, type_path(&typed.ty).map(as_written));
        }
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        visit::visit_pat_ident(self, pattern);
        self.bind(plain(&pattern.ident), None);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        local.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        // First the value: its names are those before the variable is bound.
        if let Some(init) = &local.init {
            self.visit_local_init(init);
        }
        if let Pat::Type(typed) = &local.pat {
            self.visit_type(&typed.ty);
        }
        self.visit_pat(&local.pat);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.variables.enter();
        for input in &closure.inputs {
            if let Pat::Type(typed) = input {
                self.visit_type(&typed.ty);
            }
            self.visit_pat(input);
        }
        self.visit_return_type(&closure.output);
        self.visit_expr(&closure.body);
        self.variables.leave();
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.variables.enter();
        visit::visit_arm(self, arm);
        self.variables.leave();
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        field.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let name = field.ident.as_ref().map(plain);
        self.in_signature(name, |reader| reader.visit_type(&field.ty));
    }

    fn visit_item_type(&mut self, alias: &'ast syn::ItemType) {
        let name = snake(&plain(&alias.ident));
        self.in_signature(Some(name), |reader| visit::visit_item_type(reader, alias));
    }

    fn visit_impl_item_type(&mut self, alias: &'ast syn::ImplItemType) {
        let name = snake(&plain(&alias.ident));
        self.in_signature(Some(name), |reader| visit::visit_impl_item_type(reader, alias));
    }

    fn visit_trait_item_type(&mut self, alias: &'ast syn::TraitItemType) {
        let name = snake(&plain(&alias.ident));
        self.in_signature(Some(name), |reader| visit::visit_trait_item_type(reader, alias));
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant_item(&item.ident, &item.attrs, &item.ty, Some(&item.expr));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant_item(&item.ident, &item.attrs, &item.ty, Some(&item.expr));
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.constant_item(&item.ident, &item.attrs, &item.ty, item.default.as_ref().map(|(_, value)| value));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant_item(&item.ident, &item.attrs, &item.ty, Some(&item.expr));
    }

    fn visit_foreign_item_static(&mut self, item: &'ast syn::ForeignItemStatic) {
        self.constant_item(&item.ident, &item.attrs, &item.ty, None);
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        self.in_code(|reader| visit::visit_expr(reader, expression));
    }

    fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
        expression.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        match expression.path.get_ident() {
            Some(name) if expression.qself.is_none() && self.variables.has(&plain(name)) => {}
            _ => self.qualified_path(expression.qself.as_ref(), &expression.path),
        }
    }

    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        self.qualified_path(ty.qself.as_ref(), &ty.path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let written = as_written(path);
        let at = self.written_range(path, &written);
        self.mention(written, self.place(), at);
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if !calls::function(self, call) {
            visit::visit_expr_call(self, call);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let Some(inner) = calls::method(self, call) {
            return self.visit_expr(inner);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_lit(&mut self, literal: &'ast Lit) {
        match literal {
            Lit::Str(literal) => self.visit_lit_str(literal),
            // SQL may be handed over as bytes, or to a library of C.
            Lit::ByteStr(_) | Lit::CStr(_) => {
                let at = self.range(literal.span());
                self.string(&at);
            }
            _ => {}
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        let at = self.range(literal.span());
        self.string(&at);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            if list.path.is_ident("cfg_attr") {
                self.conditional_attributes(&list.tokens);
            } else if !list.path.get_ident().is_some_and(is_silent) {
                tokens::read_attribute(self, &list.tokens);
            }
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        // The body of `macro_rules!` is no code before it is expanded.
        if item.ident.is_some() || item.mac.path.is_ident("macro_rules") {
            tokens::read(self, &item.mac.tokens);
        } else {
            visit::visit_item_macro(self, item);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if call.path.segments.last().is_some_and(|name| name.ident == "format_description") {
            calls::description(self, &call.tokens);
        }
        if call.path.is_ident("table") || as_written(&call.path) == "diesel::table" {
            tokens::read_table(self, &call.tokens);
        }
        self.in_code(|reader| reader.macro_body(&call.tokens));
    }
}

impl Reader<'_> {
    fn constant_item(
        &mut self,
        name: &syn::Ident,
        attributes: &[syn::Attribute],
        ty: &syn::Type,
        value: Option<&Expr>,
    ) {
        attributes.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.in_signature(Some(plain(name).to_lowercase()), |reader| reader.visit_type(ty));
        if let Some(value) = value {
            self.visit_expr(value);
        }
    }

    /// Reads the attributes of `cfg_attr(condition, ..)` like those that stand by themselves.
    fn conditional_attributes(&mut self, tokens: &TokenStream) {
        let tokens: Vec<_> = tokens.clone().into_iter().collect();
        let parts = tokens.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
        for attribute in parts.skip(1) {
            if !matches!(attribute.first(), Some(TokenTree::Ident(name)) if is_silent(name)) {
                tokens::read_attribute(self, &attribute.iter().cloned().collect());
            }
        }
    }

    fn qualified_path(&mut self, of: Option<&syn::QSelf>, path: &syn::Path) {
        let Some(of) = of else { return self.visit_path(path) };
        self.visit_type(&of.ty);
        if let Some(written) = qualified(of, path) {
            let at = self.range(of.lt_token.spans[0]).start..self.path_range(path).end;
            self.mention(written, self.place(), at);
        } else {
            self.visit_path(path);
        }
    }
}

/// Whether an attribute is for people or the compiler, and brings no code.
fn is_silent(name: &syn::Ident) -> bool {
    const SILENT: &[&str] =
        &["allow", "cfg", "cfg_attr", "deny", "deprecated", "derive", "doc", "expect", "must_use", "warn"];
    SILENT.iter().any(|silent| name == silent)
}

/// Returns the name that a pattern binds, if it is but one.
fn bound_name(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(pattern) => Some(plain(&pattern.ident)),
        Pat::Paren(pattern) => bound_name(&pattern.pat),
        Pat::Reference(pattern) => bound_name(&pattern.pat),
        _ => None,
    }
}

/// Joins the last of these names, as many as [`LONGEST_WITHIN`] has room for, and one at least.
fn innermost(names: &[String]) -> String {
    let mut length = 0;
    let room = names.iter().rev().take_while(|name| {
        length += name.len() + "::".len();
        length <= LONGEST_WITHIN
    });
    let count = room.count().max(1);
    names.get(names.len().saturating_sub(count)..).unwrap_or_default().join("::")
}

/// `CreatedAt` as `created_at`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}
