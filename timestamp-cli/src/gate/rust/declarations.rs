//! What a file declares that is used before or after it: the types of fields and the texts of constants.

use std::collections::HashMap;

use syn::visit::Visit;
use syn::{Expr, Lit};

use crate::gate::rust::imports::plain;
use crate::gate::rust::paths::{as_written, type_path};
use crate::gate::rust::reader::LONGEST_PATH;

/// The fields and constants of a file, by their names.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    /// The types of fields; `None` where two fields of one name differ.
    fields: HashMap<String, Option<String>>,
    /// The texts of constants.
    constants: HashMap<String, String>,
}

impl Declarations {
    /// Collects what a file declares.
    pub(super) fn of(file: &syn::File) -> Self {
        let mut declarations = Self::default();
        declarations.visit_file(file);
        declarations
    }

    /// Returns the type of the fields with this name, if all in the file have the same.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Option::as_deref)
    }

    /// Returns the text of a constant.
    pub(super) fn constant(&self, name: &str) -> Option<&str> {
        self.constants.get(name).map(String::as_str)
    }

    fn add_constant(&mut self, name: &syn::Ident, value: &Expr) {
        if let Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) = value {
            self.constants.insert(plain(name), text.value());
        }
    }
}

impl<'ast> Visit<'ast> for Declarations {
    fn visit_field(&mut self, field: &'ast syn::Field) {
        let Some(name) = &field.ident else { return };
        let ty = type_path(&field.ty).map(as_written).filter(|ty| ty.len() < LONGEST_PATH);
        self.fields
            .entry(plain(name))
            .and_modify(|known| *known = known.take().filter(|known| Some(known) == ty.as_ref()))
            .or_insert(ty);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.add_constant(&item.ident, &item.expr);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.add_constant(&item.ident, &item.expr);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.add_constant(&item.ident, &item.expr);
    }

    // Neither is declared in an expression, and most of a file is expressions.
    fn visit_expr(&mut self, _: &'ast Expr) {}
}
