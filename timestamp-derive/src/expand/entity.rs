//! `impl __private::Entity`: what everything public about an entity is built on.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use super::spanned_as;
use crate::model::Entity;
use crate::names::Paths;

pub(super) fn implementation(model: &Entity<'_>) -> TokenStream {
    let Paths { access, entity, entity_id, timestamps, timestamps_field, validate, validation_error, .. } = model.paths;
    let Entity { ident, name, .. } = model;
    let (impl_generics, type_generics, where_clause) = model.generics.split_for_impl();
    let (id, id_type) = (model.id.ident, model.id.ty);
    let (field, field_type) = (model.timestamps.ident, model.timestamps.ty);

    let mut bounds = where_clause.cloned();
    if model.depends_on_parameters(id_type) {
        bounds
            .get_or_insert_with(|| parse_quote!(where))
            .predicates
            .push(parse_quote!(#id_type: #entity_id<Itself = #id_type>));
    }
    // Where a public entity has a private id, the compiler points at the whole declaration.
    let (declare, end) = (spanned_as(&quote!(type __Id =), id_type), spanned_as(&quote!(;), id_type));
    let check = match model.validate {
        Some(function) => quote!(#validate(self, #function)),
        None => quote!(::core::result::Result::Ok(())),
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics #entity for #ident #type_generics #bounds {
            #declare #id_type #end
            const __ENTITY_TYPE: &'static ::core::primitive::str = #name;
            #[inline]
            fn __id(&self) -> &Self::__Id {
                &self.#id
            }
            #[inline]
            fn __timestamps(&self, _: #access<'_, Self>) -> &#timestamps {
                <#field_type as #timestamps_field>::get(&self.#field)
            }
            #[inline]
            fn __timestamps_mut(&mut self, _: #access<'_, Self>) -> &mut #timestamps {
                <#field_type as #timestamps_field>::get_mut(&mut self.#field)
            }
            fn __validate(&self) -> ::core::result::Result<(), #validation_error> {
                #check
            }
        }
    }
}
