//! The implementations that stand beside a refusal.
//!
//! Without them, every `create`, `touch` and `save` of the refused struct would be one more error, caused by the first.
//! They never run: the program does not compile.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput};

use crate::attribute::StructKeys;
use crate::names::{self, Paths};

/// Returns implementations that fit whatever is known of the refused `input`.
pub(crate) fn implementations(input: &DeriveInput, keys: &StructKeys, paths: &Paths) -> TokenStream {
    let Paths { access, column, entity, entity_id, timestamps, validation_error, .. } = paths;
    let ident = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates).filter(|predicates| !predicates.is_empty());
    let predicates = predicates.into_iter();
    let predicates = quote!(#(#predicates,)*);
    let id_type = id_type(input).unwrap_or_else(|| paths.fallback_id.clone());
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
fn id_type(input: &DeriveInput) -> Option<TokenStream> {
    let Data::Struct(data) = &input.data else { return None };
    let marked = data.fields.iter().find(|field| {
        field.attrs.iter().any(|attribute| {
            attribute.path().is_ident(names::ATTRIBUTE)
                && matches!(&attribute.meta, syn::Meta::List(list) if mentions(&list.tokens, names::ID))
        })
    });
    let named = || data.fields.iter().find(|field| field.ident.as_ref().is_some_and(|ident| ident == names::ID));
    marked.or_else(named).map(|field| field.ty.to_token_stream())
}

fn mentions(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == word))
}
