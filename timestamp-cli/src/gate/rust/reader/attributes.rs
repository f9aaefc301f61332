//! What attributes bring: paths and SQL in what they are given.

use proc_macro2::{TokenStream, TokenTree};

use crate::gate::rust::reader::Reader;
use crate::gate::rust::tokens;

impl Reader<'_> {
    /// Reads an attribute.
    pub(super) fn attribute(&mut self, attribute: &syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            if list.path.is_ident("cfg_attr") {
                self.conditional_attributes(&list.tokens);
            } else if !list.path.get_ident().is_some_and(is_silent) {
                tokens::read_attribute(self, &list.tokens);
            }
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
}

/// Whether an attribute is for people or the compiler, and brings no code.
fn is_silent(name: &syn::Ident) -> bool {
    const SILENT: &[&str] =
        &["allow", "cfg", "cfg_attr", "deny", "deprecated", "derive", "doc", "expect", "must_use", "warn"];
    SILENT.iter().any(|silent| name == silent)
}
