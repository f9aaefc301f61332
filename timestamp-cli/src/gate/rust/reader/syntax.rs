//! What is done at each construct of the language, as the syntax tree has them.

use syn::visit::{self, Visit};
use syn::{Expr, Lit, LitStr, Pat};

use crate::gate::rust::imports::plain;
use crate::gate::rust::paths::{as_written, qualified, type_path};
use crate::gate::rust::reader::Reader;
use crate::gate::rust::reader::signature::{bound_name, snake};
use crate::gate::rust::sketch::Place;
use crate::gate::rust::{calls, tokens};

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
        self.within.enter(name);
        visit::visit_item_impl(self, item);
        self.within.leave();
        self.this.pop();
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.this.push(None);
        self.within.enter(plain(&item.ident));
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_generics(&item.generics);
        self.in_signature(None, |reader| {
            item.supertraits.iter().for_each(|bound| reader.visit_type_param_bound(bound));
        });
        item.items.iter().for_each(|item| self.visit_trait_item(item));
        self.within.leave();
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
        self.attribute(attribute);
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
