//! `impl Record`: an entity with a table, as a row and back.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::{Ident, Type, WhereClause, WherePredicate, parse_quote};

use super::spanned_as;
use crate::model::{Column, Entity, Form, Presence, Table};
use crate::names::Paths;

pub(super) fn implementation(model: &Entity<'_>, table: &Table<'_>) -> TokenStream {
    let Paths { column_definition, record, row_error, row_reader, row_writer, timestamps, timestamps_field, .. } =
        model.paths;
    let ident = model.ident;
    let (impl_generics, type_generics, _) = model.generics.split_for_impl();
    let bounds = bounds(model, table);
    // The bounds of `Record` concern the id, so this is where a message about them belongs.
    let record = spanned_as(record, model.id.ty);
    let name = table.name;
    let id_column = Literal::usize_unsuffixed(table.id_column);
    let definitions = table.columns.iter().map(|column| definition(column, model.paths));
    let writes = table.columns.iter().enumerate().map(|(index, column)| write(index, column, model.paths));
    let reads = table.columns.iter().enumerate().map(|(index, column)| read(index, column, model.paths));
    let kept = table
        .kept
        .as_ref()
        .map(|names| quote!(const TIMESTAMP_COLUMNS: [&'static ::core::primitive::str; 3] = [#(#names),*];));
    let state = table.events_carry_state.then(|| {
        quote!(
            const EVENTS_CARRY_STATE: ::core::primitive::bool = true;
        )
    });
    let skipped = table.skipped.iter().map(|field| {
        let (ident, ty, skipped_field) = (field.ident, field.ty, &model.paths.skipped_field);
        quote!(#ident: <#ty as #skipped_field>::default())
    });
    let (timestamps_ident, timestamps_type) = (model.timestamps.ident, model.timestamps.ty);
    quote! {
        #[automatically_derived]
        impl #impl_generics #record for #ident #type_generics #bounds {
            const TABLE: &'static ::core::primitive::str = #name;
            const COLUMNS: &'static [#column_definition] = &[#(#definitions),*];
            const ID_COLUMN: ::core::primitive::usize = #id_column;
            #kept
            #state
            fn encode<__Writer: #row_writer + ?::core::marker::Sized>(
                &self,
                __row: &mut __Writer,
            ) -> ::core::result::Result<(), #row_error> {
                #(#writes?;)*
                ::core::result::Result::Ok(())
            }
            fn restore<__Reader: #row_reader + ?::core::marker::Sized>(
                __row: &mut __Reader,
                __timestamps: #timestamps,
            ) -> ::core::result::Result<Self, #row_error> {
                ::core::result::Result::Ok(Self {
                    #(#reads,)*
                    #(#skipped,)*
                    #timestamps_ident: <#timestamps_type as #timestamps_field>::put(__timestamps),
                })
            }
        }
    }
}

fn definition(column: &Column<'_>, paths: &Paths) -> TokenStream {
    let Paths { define_column, define_id_column, define_json_column, define_text_column, .. } = paths;
    let (name, ty) = (&column.name, column.field.ty);
    match column.form {
        Form::Id => quote!(#define_id_column::<Self>(#name)),
        Form::Plain => {
            let owner = &paths.column;
            quote!(#define_column(#name, <#ty as #owner>::TYPE, <#ty as #owner>::NULLABLE))
        }
        Form::Json(presence) => {
            let nullable = presence.is_nullable();
            quote!(#define_json_column(#name, #nullable))
        }
        Form::Text(presence) => {
            let nullable = presence.is_nullable();
            quote!(#define_text_column(#name, #nullable))
        }
    }
}

fn write(index: usize, column: &Column<'_>, paths: &Paths) -> TokenStream {
    let Paths { write, write_id, .. } = paths;
    let index = Literal::usize_unsuffixed(index);
    let Some((converter, presence)) = converter(column, paths) else {
        return quote!(#write_id(__row, #index, self));
    };
    let function =
        item_of(presence.ty(), converter, if presence.is_nullable() { "option_to_value" } else { "to_value" });
    let field = column.field.ident;
    quote!(#write(__row, #index, #function(&self.#field)))
}

fn read(index: usize, column: &Column<'_>, paths: &Paths) -> TokenStream {
    let Paths { in_column, read, read_id, .. } = paths;
    let index = Literal::usize_unsuffixed(index);
    let field = column.field.ident;
    let Some((converter, presence)) = converter(column, paths) else {
        return quote!(#field: #read_id::<Self, __Reader>(__row, #index)?);
    };
    let function =
        item_of(presence.ty(), converter, if presence.is_nullable() { "option_from_value" } else { "from_value" });
    quote!(#field: #in_column(#index, #function(#read(__row, #index)?))?)
}

/// The trait that converts the field, and the type that implements it; nothing for an id.
fn converter<'a>(column: &Column<'a>, paths: &'a Paths) -> Option<(&'a TokenStream, Presence<'a>)> {
    match column.form {
        Form::Id => None,
        Form::Plain => Some((&paths.column, Presence::Always(column.field.ty))),
        Form::Json(presence) => Some((&paths.json_field, presence)),
        Form::Text(presence) => Some((&paths.text_field, presence)),
    }
}

/// `<Type as Trait>::function`, for which the compiler underlines the type where the trait is missing.
fn item_of(ty: &Type, owner: &TokenStream, function: &str) -> TokenStream {
    let function = Ident::new(function, Span::call_site());
    quote!(<#ty as #owner>::#function)
}

/// What must hold for a generic entity to have a table: each field whose type depends on a parameter can be stored.
fn bounds(model: &Entity<'_>, table: &Table<'_>) -> Option<WhereClause> {
    let mut clause = model.generics.where_clause.clone();
    let mut require = |predicate: WherePredicate| {
        clause.get_or_insert_with(|| parse_quote!(where)).predicates.push(predicate);
    };
    if model.generics.type_params().next().is_some() {
        require(parse_quote!(Self: ::core::marker::Send + 'static));
    }
    let entity_id = &model.paths.entity_id;
    let id_type = model.id.ty;
    if model.depends_on_parameters(id_type) {
        require(parse_quote!(#id_type: #entity_id<Itself = #id_type>));
    }
    for column in &table.columns {
        let (converter, presence) =
            converter(column, model.paths).unwrap_or((&model.paths.column, Presence::Always(column.field.ty)));
        let ty = presence.ty();
        if model.depends_on_parameters(ty) {
            require(parse_quote!(#ty: #converter));
        }
    }
    let skipped_field = &model.paths.skipped_field;
    for ty in table.skipped.iter().map(|field| field.ty).filter(|ty| model.depends_on_parameters(ty)) {
        require(parse_quote!(#ty: #skipped_field));
    }
    clause
}

impl<'a> Presence<'a> {
    fn ty(self) -> &'a Type {
        match self {
            Self::Always(ty) | Self::Sometimes(ty) => ty,
        }
    }

    fn is_nullable(self) -> bool {
        matches!(self, Self::Sometimes(_))
    }
}
