//! The implementations that stand beside a refusal.
//!
//! Without them, every `create`, `touch` and `save` of the refused struct would be one more error, caused by the first.
//! They never run: the program does not compile.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{DeriveInput, Type};

use crate::attribute::StructKeys;
use crate::model::Struct;
use crate::names::{self, Paths};

/// Returns implementations that fit whatever is known of the refused `input`.
pub(crate) fn implementations(
    input: &DeriveInput,
    source: Option<&Struct<'_>>,
    keys: &StructKeys,
    paths: &Paths,
) -> TokenStream {
    let Paths { access, column, entity, entity_id, timestamps, validation_error, .. } = paths;
    let ident = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates).filter(|predicates| !predicates.is_empty());
    let predicates = predicates.into_iter();
    let predicates = quote!(#(#predicates,)*);
    let id_type = source.and_then(id_type).map_or_else(|| paths.fallback_id.clone(), ToTokens::to_token_stream);
    let is_generic = input.generics.type_params().next().is_some();
    let id_bound = is_generic.then(|| quote!(#id_type: #entity_id,));
    let record = keys.table.is_some().then(|| {
        let Paths { column_definition, record, row_error, row_reader, row_writer, .. } = paths;
        let bounds = is_generic.then(|| quote!(#id_type: #column, Self: ::core::marker::Send + 'static,));
        quote! {
            #[automatically_derived]
            impl #impl_generics #record for #ident #type_generics where #predicates #id_bound #bounds {
                const TABLE: &'static ::core::primitive::str = "";
                const COLUMNS: &'static [#column_definition] = &[];
                const ID_COLUMN: ::core::primitive::usize = 0;
                fn encode<__Writer: #row_writer + ?::core::marker::Sized>(
                    &self,
                    _: &mut __Writer,
                ) -> ::core::result::Result<(), #row_error> {
                    ::core::unreachable!()
                }
                fn restore<__Reader: #row_reader + ?::core::marker::Sized>(
                    _: &mut __Reader,
                    _: #timestamps,
                ) -> ::core::result::Result<Self, #row_error> {
                    ::core::unreachable!()
                }
            }
        }
    });
    // What borrows can have no table; that is one of the refusals.
    let record = record.filter(|_| input.generics.lifetimes().next().is_none());
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #impl_generics #entity for #ident #type_generics where #predicates #id_bound {
                type __Id = #id_type;
                const __ENTITY_TYPE: &'static ::core::primitive::str = "";
                fn __id(&self) -> &Self::__Id {
                    ::core::unreachable!()
                }
                fn __timestamps(&self, _: #access<'_, Self>) -> &#timestamps {
                    ::core::unreachable!()
                }
                fn __timestamps_mut(&mut self, _: #access<'_, Self>) -> &mut #timestamps {
                    ::core::unreachable!()
                }
                fn __validate(&self) -> ::core::result::Result<(), #validation_error> {
                    ::core::unreachable!()
                }
            }
            #record
        };
    }
}

/// The type of the field that is, or looks like, the id.
fn id_type<'a>(source: &'a Struct<'a>) -> Option<&'a Type> {
    let marked = source.fields.iter().find(|field| field.keys.id.is_some() && field.keys.timestamps.is_none());
    let named = || source.fields.iter().find(|field| field.ident == names::ID);
    marked.or_else(named).map(|field| field.ty)
}
