//! `impl Record`: an entity with a table, as a row and back.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::{Type, WhereClause, WherePredicate, parse_quote};

use crate::model::{Column, Entity, Form, Presence, Table};
use crate::names::Paths;

pub(super) fn implementation(model: &Entity<'_>, table: &Table<'_>) -> TokenStream {
    let Paths { column_definition, record, row_error, row_reader, row_writer, timestamps, .. } = model.paths;
    let ident = model.ident;
    let (impl_generics, type_generics, _) = model.generics.split_for_impl();
    let bounds = bounds(model, table);
    let name = table.name;
    let id_column = Literal::usize_unsuffixed(table.id_column);
    let definitions = table.columns.iter().map(|column| definition(column, model.paths));
    let writes = table.columns.iter().enumerate().map(|(index, column)| write(index, column, model.paths));
    let reads = table.columns.iter().enumerate().map(|(index, column)| read(index, column, model.paths));
    let skipped = table.skipped.iter().map(|field| {
        let (ident, ty, skipped_field) = (field.ident, field.ty, &model.paths.skipped_field);
        quote!(#ident: <#ty as #skipped_field>::default())
    });
    let timestamps_field = model.timestamps.ident;
    quote! {
        #[automatically_derived]
        impl #impl_generics #record for #ident #type_generics #bounds {
            const TABLE: &'static ::core::primitive::str = #name;
            const COLUMNS: &'static [#column_definition] = &[#(#definitions),*];
            const ID_COLUMN: ::core::primitive::usize = #id_column;
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
                    #timestamps_field: __timestamps,
                })
            }
        }
    }
}

fn definition(column: &Column<'_>, paths: &Paths) -> TokenStream {
    let Paths { column: column_trait, define_column, define_json_column, define_text_column, .. } = paths;
    let (name, ty) = (&column.name, column.field.ty);
    match &column.form {
        Form::Plain => {
            quote!(#define_column(#name, <#ty as #column_trait>::TYPE, <#ty as #column_trait>::NULLABLE))
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
    let index = Literal::usize_unsuffixed(index);
    let field = column.field.ident;
    let write = &paths.write;
    let (owner, presence) = owner(column, paths);
    match presence {
        Presence::Always(ty) => quote!(#write(__row, #index, <#ty as #owner>::to_value(&self.#field))),
        Presence::Sometimes(ty) => quote!(#write(__row, #index, <#ty as #owner>::option_to_value(&self.#field))),
    }
}

fn read(index: usize, column: &Column<'_>, paths: &Paths) -> TokenStream {
    let index = Literal::usize_unsuffixed(index);
    let field = column.field.ident;
    let read = &paths.read;
    let (owner, presence) = owner(column, paths);
    match presence {
        Presence::Always(ty) => quote!(#field: #read(__row, #index, <#ty as #owner>::from_value)?),
        Presence::Sometimes(ty) => quote!(#field: #read(__row, #index, <#ty as #owner>::option_from_value)?),
    }
}

/// The trait that converts the field, and the type that implements it.
fn owner<'a>(column: &Column<'a>, paths: &'a Paths) -> (&'a TokenStream, Presence<'a>) {
    match column.form {
        Form::Plain => (&paths.column, Presence::Always(column.field.ty)),
        Form::Json(presence) => (&paths.json_field, presence),
        Form::Text(presence) => (&paths.text_field, presence),
    }
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
        require(parse_quote!(#id_type: #entity_id));
    }
    for column in &table.columns {
        let (owner, presence) = owner(column, model.paths);
        let ty = presence.ty();
        if model.depends_on_parameters(ty) {
            require(parse_quote!(#ty: #owner));
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
