//! A valid model to tokens. Nothing can fail here.
//!
//! All of it stands in one `const _: () = { .. }`, so it adds no name to the user's module. Every path is absolute, and
//! a field's type is written as `<Type as Trait>::item`: if the trait is missing, the compiler underlines the type, with
//! our words, and the same words at the same place are shown once.

mod entity;
mod record;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

use crate::model::Entity;

/// Returns the implementations for an entity.
pub(crate) fn implementations(entity: &Entity<'_>) -> TokenStream {
    let is_an_entity = entity::implementation(entity);
    let has_a_table = entity.table.as_ref().map(|table| record::implementation(entity, table));
    quote! {
        const _: () = {
            #is_an_entity
            #has_a_table
        };
    }
}

/// `tokens`, as if they stood where `place` does, so that a message about them underlines all of it.
///
/// `quote_spanned!` would not do: on a stable compiler `place.span()` is the span of its first token.
fn spanned_as(tokens: &TokenStream, place: &Type) -> TokenStream {
    let mut spans = place.to_token_stream().into_iter().map(|token| token.span());
    let Some(start) = spans.next() else { return tokens.clone() };
    let end = spans.last().unwrap_or(start);
    let mut tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let count = tokens.len();
    for (index, token) in tokens.iter_mut().enumerate() {
        token.set_span(token.span().located_at(if index + 1 == count { end } else { start }));
    }
    tokens.into_iter().collect()
}
