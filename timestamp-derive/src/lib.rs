//! `#[derive(Timestamped)]`, re-exported by `timestamp-core`.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)]

mod attribute;
mod diagnostics;
mod expand;
mod fallback;
mod model;
mod names;
mod rules;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::attribute::StructKeys;
use crate::diagnostics::Diagnostics;
use crate::model::{Entity, Struct};
use crate::names::Paths;

/// Makes a struct an entity.
#[proc_macro_derive(Timestamped, attributes(timestamped))]
pub fn derive_timestamped(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    timestamped(input.into()).into()
}

fn timestamped(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => {
            diagnostics.refuse_unreadable(&error);
            return diagnostics.into_compile_errors().unwrap_or_default();
        }
    };
    let keys = StructKeys::read(&input, &mut diagnostics);
    let paths = Paths::below(keys.core.as_ref().map(|given| &given.value));
    let source = Struct::read(&input, &keys, &mut diagnostics);
    let roles = source.as_ref().and_then(|source| rules::check(source, &mut diagnostics));
    match (source.as_ref().zip(roles), diagnostics.into_compile_errors()) {
        (Some((source, roles)), None) => expand::implementations(&Entity::new(source, roles, &paths)),
        (_, errors) => {
            let fallback = fallback::implementations(&input, source.as_ref(), &keys, &paths);
            errors.into_iter().chain([fallback]).collect()
        }
    }
}
