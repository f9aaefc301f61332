//! What macros are given, read as code where it parses as code.

use proc_macro2::TokenStream;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::visit::Visit as _;
use syn::{Expr, Token};

use crate::gate::rust::reader::Reader;
use crate::gate::rust::tokens;

/// Macros inside of macros are read as code up to this depth, and as single words below it.
const MACROS: u32 = 16;

impl Reader<'_> {
    /// Reads what a macro is given: as expressions, as statements, or else word by word.
    pub(super) fn macro_body(&mut self, body: &TokenStream) {
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
