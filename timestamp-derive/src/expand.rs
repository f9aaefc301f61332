//! A valid model to tokens. Nothing can fail here.
//!
//! All of it stands in one `const _: () = { .. }`, so it adds no name to the user's module. Every path is absolute, and
//! a field's type is written as `<Type as Trait>::item`: if the trait is missing, the compiler underlines the type, with
//! our words, and the same words at the same place are shown once.

mod entity;
mod record;

use proc_macro2::TokenStream;
use quote::quote;

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
