//! What the user wrote, and what was meant by it.
//!
//! [`Struct`] holds the source with its keys; [`Entity`] is what it means once [`rules`] found nothing to
//! refuse. Both borrow from the parsed input.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{ExprPath, GenericArgument, Generics, Ident, LitStr, PathArguments, Type, Visibility};

use crate::attribute::{FieldKeys, Given, StructKeys};
use crate::diagnostics::Diagnostics;
use crate::names::{self, Paths};
use crate::rules;

/// A struct with named fields, as it stands in the source.
pub(crate) struct Struct<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) attributes: &'a [syn::Attribute],
    pub(crate) keys: &'a StructKeys,
    pub(crate) fields: Vec<Field<'a>>,
}

/// One field, as it stands in the source.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) ty: &'a Type,
    pub(crate) syntax: &'a syn::Field,
    pub(crate) keys: FieldKeys,
}

impl<'a> Struct<'a> {
    pub(crate) fn read(
        input: &'a syn::DeriveInput,
        keys: &'a StructKeys,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let fields = rules::named_fields(input, diagnostics)?;
        let fields = fields.named.iter().filter_map(|syntax| {
            let ident = syntax.ident.as_ref()?;
            let keys = FieldKeys::read(&syntax.attrs, ident, &input.ident, diagnostics);
            Some(Field { ident, visibility: &syntax.vis, ty: &syntax.ty, syntax, keys })
        });
        let fields = fields.collect();
        Some(Self { ident: &input.ident, generics: &input.generics, attributes: &input.attrs, keys, fields })
    }
}

impl StructKeys {
    /// The names of the columns of the timestamps, in the order of [`names::KEPT_COLUMNS`].
    pub(crate) fn kept_columns(&self) -> [String; 3] {
        let [created_at, updated_at, version] = &self.kept;
        let [default_created_at, default_updated_at, default_version] = &names::KEPT_COLUMNS;
        let name = |given: &Option<Given<LitStr>>, kept: &names::KeptColumn| {
            given.as_ref().map_or_else(|| kept.name.to_owned(), |given| given.value.value())
        };
        [name(created_at, default_created_at), name(updated_at, default_updated_at), name(version, default_version)]
    }
}

impl Field<'_> {
    /// The name of the field's column: what `column` says, or the field's name.
    pub(crate) fn column_name(&self) -> LitStr {
        match &self.keys.column {
            Some(given) => given.value.clone(),
            None => LitStr::new(&self.ident.unraw().to_string(), self.ident.span()),
        }
    }

    /// Whether the field's type looks like `Timestamps`. A macro sees words, not types.
    pub(crate) fn has_type_timestamps(&self) -> bool {
        last_segment(self.ty).is_some_and(|segment| segment.ident == names::TIMESTAMPS)
    }
}

/// The fields that have a part to play.
#[derive(Clone, Copy)]
pub(crate) struct Roles<'a> {
    pub(crate) id: &'a Field<'a>,
    pub(crate) timestamps: &'a Field<'a>,
}

/// What generated code is made from.
pub(crate) struct Entity<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) name: LitStr,
    pub(crate) id: &'a Field<'a>,
    pub(crate) timestamps: &'a Field<'a>,
    pub(crate) validate: Option<&'a ExprPath>,
    pub(crate) table: Option<Table<'a>>,
    pub(crate) paths: &'a Paths,
}

/// The table of an entity that has one.
pub(crate) struct Table<'a> {
    pub(crate) name: &'a LitStr,
    pub(crate) columns: Vec<Column<'a>>,
    pub(crate) skipped: Vec<&'a Field<'a>>,
    pub(crate) id_column: usize,
    /// The columns of the timestamps, if one of them is renamed.
    pub(crate) kept: Option<[String; 3]>,
    /// Whether events carry the entity's state.
    pub(crate) events_carry_state: bool,
}

/// A field that has a column.
pub(crate) struct Column<'a> {
    pub(crate) field: &'a Field<'a>,
    pub(crate) name: LitStr,
    pub(crate) form: Form<'a>,
}

/// How a field becomes a value.
#[derive(Clone, Copy)]
pub(crate) enum Form<'a> {
    /// Through `Column`, which the bounds of `Record` ask of an id.
    Id,
    /// Through `Column`.
    Plain,
    /// As JSON.
    Json(Presence<'a>),
    /// As text.
    Text(Presence<'a>),
}

/// Whether a `json` or `text` field is always there.
#[derive(Clone, Copy)]
pub(crate) enum Presence<'a> {
    /// It is, and this is its type.
    Always(&'a Type),
    /// It is an `Option` of this type: none is NULL.
    Sometimes(&'a Type),
}

impl<'a> Entity<'a> {
    pub(crate) fn new(source: &'a Struct<'a>, roles: Roles<'a>, paths: &'a Paths) -> Self {
        Self {
            ident: source.ident,
            generics: source.generics,
            name: entity_name(source.ident, source.keys),
            id: roles.id,
            timestamps: roles.timestamps,
            validate: source.keys.validate.as_ref().map(|given| &given.value),
            table: source.keys.table.as_ref().map(|given| Table::new(&given.value, source, roles)),
            paths,
        }
    }

    /// Whether the type names one of the struct's type parameters, so that its bounds depend on them.
    pub(crate) fn depends_on_parameters(&self, ty: &Type) -> bool {
        names_any_of(ty.to_token_stream(), self.generics)
    }
}

impl<'a> Table<'a> {
    fn new(name: &'a LitStr, source: &'a Struct<'a>, roles: Roles<'a>) -> Self {
        let is_renamed = source.keys.kept.iter().any(Option::is_some);
        let events_carry_state = source.keys.events.is_some();
        let kept = is_renamed.then(|| source.keys.kept_columns());
        let mut table = Self { name, columns: Vec::new(), skipped: Vec::new(), id_column: 0, kept, events_carry_state };
        for field in &source.fields {
            if std::ptr::eq(field, roles.timestamps) {
                continue;
            }
            let form = if std::ptr::eq(field, roles.id) {
                table.id_column = table.columns.len();
                Form::Id
            } else if field.keys.skip.is_some() {
                table.skipped.push(field);
                continue;
            } else if field.keys.json.is_some() {
                Form::Json(Presence::of(field.ty))
            } else if field.keys.text.is_some() {
                Form::Text(Presence::of(field.ty))
            } else {
                Form::Plain
            };
            table.columns.push(Column { field, name: field.column_name(), form });
        }
        table
    }
}

impl<'a> Presence<'a> {
    fn of(ty: &'a Type) -> Self {
        option_of(ty).map_or(Self::Always(ty), Self::Sometimes)
    }
}

/// The name in events: what `entity` says, or the struct's name.
pub(crate) fn entity_name(ident: &Ident, keys: &StructKeys) -> LitStr {
    match &keys.entity {
        Some(given) => given.value.clone(),
        None => LitStr::new(&ident.unraw().to_string(), ident.span()),
    }
}

/// The `T` of an `Option<T>`, however it is reached.
fn option_of(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(inner)), 1) => Some(inner),
        _ => None,
    }
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        // A type that came through a macro stands in an invisible group.
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn names_any_of(tokens: proc_macro2::TokenStream, generics: &Generics) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => generics.type_params().any(|parameter| parameter.ident == word),
        TokenTree::Group(group) => names_any_of(group.stream(), generics),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
