//! What is refused: one function per rule, with the rule in words above it.
//!
//! Each rule looks at the whole struct, so that all mistakes are reported in one run.

use std::collections::HashMap;

use proc_macro2::TokenTree;
use syn::{Data, DeriveInput, Fields, FieldsNamed, Ident, LitStr, Meta, Visibility};

use crate::attribute::{Given, StructKeys};
use crate::diagnostics::Diagnostics;
use crate::model::{Field, Roles, Struct};
use crate::names;

/// Returns the fields of an input that has the right shape.
///
/// An entity is a struct with named fields: an enum, a union, `struct Task(Uuid, Timestamps);` and `struct Task;` are
/// refused.
pub(crate) fn named_fields<'a>(input: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Option<&'a FieldsNamed> {
    let item = &input.ident;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(fields) => diagnostics.refuse(
                fields,
                format_args!("the fields of `{item}` have no names, and an entity is a struct with named fields"),
                format_args!("write `struct {item} {{ .. }}`, with a name before each type"),
            ),
            Fields::Unit => diagnostics.refuse(
                item,
                format_args!("`{item}` has no fields, and an entity has an id and timestamps"),
                format_args!("write `struct {item} {{ #[timestamped(id)] id: Uuid, timestamps: Timestamps }}`"),
            ),
        },
        Data::Enum(data) => diagnostics.refuse(
            data.enum_token,
            format_args!("`{item}` is an enum, and an entity is a struct with named fields"),
            format_args!("derive `Timestamped` for a struct that has a field of type `{item}`"),
        ),
        Data::Union(data) => diagnostics.refuse(
            data.union_token,
            format_args!("`{item}` is a union, and an entity is a struct with named fields"),
            format_args!("write `struct {item}`"),
        ),
    }
    None
}

/// Checks every rule. Returns the roles of the fields if both could be found.
pub(crate) fn check<'a>(source: &'a Struct<'a>, diagnostics: &mut Diagnostics) -> Option<Roles<'a>> {
    let timestamps = timestamps_field(source, diagnostics);
    let id = id_field(source, diagnostics);
    timestamps_are_private(timestamps, diagnostics);
    roles_are_not_shared(source, diagnostics);
    fields_are_plain(source, diagnostics);
    struct_is_not_packed(source, diagnostics);
    storage_keys_need_a_table(source, diagnostics);
    storage_keys_agree(source, diagnostics);
    roles_have_no_form(source, timestamps, diagnostics);
    record_owns_its_data(source, diagnostics);
    names_are_usable(source, diagnostics);
    events_carry_the_state_or_nothing(source, diagnostics);
    kept_columns_are_distinct(source, diagnostics);
    columns_are_distinct(source, timestamps, diagnostics);
    Some(Roles { id: id?, timestamps: timestamps? })
}

/// An entity has one timestamps field: the one marked `#[timestamped(timestamps)]`, or else the only one of type
/// `Timestamps`.
fn timestamps_field<'a>(source: &'a Struct<'a>, diagnostics: &mut Diagnostics) -> Option<&'a Field<'a>> {
    let item = source.ident;
    let marked = || source.fields.iter().filter_map(|field| Some((field, field.keys.timestamps.as_ref()?)));
    if let Some((first, _)) = marked().next() {
        for (_, key) in marked().skip(1) {
            diagnostics.refuse(
                key,
                format_args!("`{item}` already keeps its timestamps in the field `{}`", first.ident),
                "remove `#[timestamped(timestamps)]` from one of the two fields",
            );
        }
        return Some(first);
    }
    // A field that is marked as the id has spoken for itself.
    let mut typed = source.fields.iter().filter(|field| field.has_type_timestamps() && field.keys.id.is_none());
    let Some(first) = typed.next() else {
        if is_misplaced(&source.keys.misplaced, names::TIMESTAMPS_KEY) {
            return None;
        }
        diagnostics.refuse(
            item,
            format_args!("`{item}` has no field for its timestamps"),
            "add `timestamps: Timestamps`, or mark an existing field with `#[timestamped(timestamps)]`",
        );
        return None;
    };
    for other in typed {
        diagnostics.refuse(
            other.ident,
            format_args!("`{item}` has two fields of type `Timestamps`: `{}` and `{}`", first.ident, other.ident),
            format_args!("mark the one that belongs to `{item}` with `#[timestamped(timestamps)]`"),
        );
    }
    Some(first)
}

/// An entity has one id: the field marked `#[timestamped(id)]`.
fn id_field<'a>(source: &'a Struct<'a>, diagnostics: &mut Diagnostics) -> Option<&'a Field<'a>> {
    let item = source.ident;
    let mut marked = source.fields.iter().filter_map(|field| Some((field, field.keys.id.as_ref()?)));
    if let Some((first, _)) = marked.next() {
        for (_, key) in marked {
            diagnostics.refuse(
                key,
                format_args!("`{item}` already has its id in the field `{}`", first.ident),
                "remove `#[timestamped(id)]` from one of the two fields",
            );
        }
        return Some(first);
    }
    if is_misplaced(&source.keys.misplaced, names::ID) {
        return None;
    }
    match source.fields.iter().find(|field| field.ident == names::ID) {
        Some(field) => diagnostics.refuse(
            field.ident,
            format_args!("`{item}` has no field that is marked as its id"),
            "write `#[timestamped(id)]` above this field",
        ),
        None => diagnostics.refuse(
            item,
            format_args!("`{item}` has no field that is marked as its id"),
            "mark a field with `#[timestamped(id)]`, or add one: `#[timestamped(id)] id: Uuid`",
        ),
    }
    None
}

/// The timestamps field is private to the entity's module: with `pub timestamps: Timestamps`, anybody could replace the
/// timestamps as a whole.
fn timestamps_are_private(timestamps: Option<&Field<'_>>, diagnostics: &mut Diagnostics) {
    let Some(field) = timestamps else { return };
    let visibility = match field.visibility {
        Visibility::Inherited => return,
        // `pub(self)` is a longer word for private.
        Visibility::Restricted(restricted) if restricted.path.is_ident("self") => return,
        visibility => visibility,
    };
    let shown = match visibility {
        Visibility::Restricted(restricted) => match restricted.path.get_ident() {
            Some(place) => format!("pub({place})"),
            None => "pub(in ..)".to_owned(),
        },
        Visibility::Public(_) | Visibility::Inherited => "pub".to_owned(),
    };
    diagnostics.refuse(
        visibility,
        format_args!("the timestamps field `{}` is `{shown}`, so code elsewhere could replace its value", field.ident),
        format_args!("remove `{shown}`; `created_at()`, `updated_at()` and `version()` read it from everywhere"),
    );
}

/// `#[timestamped(id, timestamps)]`: one field can not be both.
fn roles_are_not_shared(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    for field in &source.fields {
        if let (Some(_), Some(timestamps)) = (&field.keys.id, &field.keys.timestamps) {
            diagnostics.refuse(
                timestamps,
                format_args!("the field `{}` can not be both the id and the timestamps", field.ident),
                "keep one of the two words, and give the other to another field",
            );
        }
    }
}

/// `priority: u8 = 3`: a default value in the struct would pass by the function that calls `create`. A field without a
/// name (`_: u8`) can not be read, and what a modifier that is not known yet would mean for an entity is not known either.
fn fields_are_plain(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    for field in &source.fields {
        if field.ident == "_" {
            diagnostics.refuse(
                field.ident,
                format_args!("a field of `{}` has no name", source.ident),
                "write a name instead of `_`",
            );
        }
        if let Some((_, value)) = &field.syntax.default {
            diagnostics.refuse(
                value,
                format_args!("the field `{}` has a default value in the struct", field.ident),
                format_args!("remove the value, and give it in the function that calls `create`"),
            );
        }
        if field.syntax.modifiers.require_empty().is_err() {
            diagnostics.refuse(
                field.ident,
                format_args!("the field `{}` has a modifier that `#[derive(Timestamped)]` does not know", field.ident),
                "remove the word before the field's name",
            );
        }
    }
}

/// `#[repr(packed)]`: the fields of a packed struct can not be borrowed, and reading an id borrows it.
fn struct_is_not_packed(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    for attribute in source.attributes {
        let Meta::List(list) = &attribute.meta else { continue };
        if !list.path.is_ident("repr") {
            continue;
        }
        for token in list.tokens.clone() {
            if matches!(&token, TokenTree::Ident(word) if word == "packed") {
                diagnostics.refuse(
                    token,
                    format_args!("`{}` is packed, and the fields of a packed struct can not be borrowed", source.ident),
                    "remove `packed`",
                );
            }
        }
    }
}

/// `column`, `json`, `text` and `skip` say how a field is stored, and `created_at`, `updated_at` and `version` where the
/// timestamps are; without `table` they would do nothing.
fn storage_keys_need_a_table(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    let misplaced = source.fields.iter().any(|field| is_misplaced(&field.keys.misplaced, names::TABLE));
    if source.keys.means_a_table || misplaced {
        return;
    }
    for Given { key, .. } in source.keys.kept.iter().flatten() {
        diagnostics.refuse(
            key,
            format_args!("`{key}` names a column of the timestamps, and `{}` has no table", source.ident),
            format_args!("add `table = \"..\"` to the attribute, or remove `{key}`"),
        );
    }
    if let Some(Given { key, .. }) = &source.keys.events {
        diagnostics.refuse(
            key,
            format_args!("`{key}` says what stored events carry, and `{}` has no table", source.ident),
            format_args!("add `table = \"..\"` to the attribute, or remove `{key}`"),
        );
    }
    for field in &source.fields {
        for key in storage_keys(field) {
            diagnostics.refuse(
                key,
                format_args!("`{key}` says how a field is stored, and `{}` has no table", source.ident),
                format_args!(
                    "add `#[timestamped(table = \"..\")]` to `{}`, or remove `{key}` from the field `{}`",
                    source.ident, field.ident
                ),
            );
        }
    }
}

/// `#[timestamped(json, text)]`, `#[timestamped(json, skip)]`: a field is stored in one form, or not at all.
fn storage_keys_agree(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    for field in &source.fields {
        if let (Some(_), Some(text)) = (&field.keys.json, &field.keys.text) {
            diagnostics.refuse(
                text,
                format_args!("the field `{}` can not be stored both as JSON and as text", field.ident),
                "keep one of `json` and `text`",
            );
        }
        let Some(skip) = &field.keys.skip else { continue };
        let stored = storage_keys(field).find(|key| *key != names::SKIP);
        if let Some(stored) = stored {
            diagnostics.refuse(
                skip,
                format_args!("the field `{}` is not stored with `skip`, and `{stored}` says how it is", field.ident),
                format_args!("keep one of `{stored}` and `skip`"),
            );
        }
    }
}

/// The id is stored through `Column`, because rows are found by it; the timestamps have three columns of their own. So
/// neither takes `json`, `text` or `skip`, and the timestamps take no `column`.
fn roles_have_no_form(source: &Struct<'_>, timestamps: Option<&Field<'_>>, diagnostics: &mut Diagnostics) {
    for field in source.fields.iter().filter(|field| field.keys.id.is_some()) {
        for key in storage_keys(field).filter(|key| *key != names::COLUMN) {
            diagnostics.refuse(
                key,
                format_args!("rows are found by the id, so it is stored as it is, without `{key}`"),
                format_args!("remove `{key}`, and implement `Column` for the type of the id if it does not yet"),
            );
        }
    }
    // A field that wears both roles is refused for that.
    for field in timestamps.into_iter().filter(|field| field.keys.id.is_none()) {
        for key in storage_keys(field) {
            diagnostics.refuse(
                key,
                format_args!("the timestamps are stored in three columns of their own, so `{key}` can not change how"),
                format_args!("remove `{key}` from the field `{}`", field.ident),
            );
        }
    }
}

/// `struct Task<'a>` with a table: a row that is loaded borrows from nothing.
fn record_owns_its_data(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    if source.keys.table.is_none() {
        return;
    }
    for parameter in source.generics.lifetimes() {
        diagnostics.refuse(
            &parameter.lifetime,
            format_args!("`{}` has a table, and what is loaded from it can not borrow", source.ident),
            "own the data, such as `String` for `&str`, or remove `table`",
        );
    }
}

/// The names of table, entity and columns are not empty and hold no NUL, which no database takes.
fn names_are_usable(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    let StructKeys { table, entity, kept, .. } = source.keys;
    let columns = source.fields.iter().filter_map(|field| field.keys.column.as_ref());
    for given in table.iter().chain(entity).chain(kept.iter().flatten()).chain(columns) {
        let (key, text) = (&given.key, given.value.value());
        if text.is_empty() {
            diagnostics.refuse(
                &given.value,
                format_args!("the name in `{key}` is empty"),
                format_args!("write a name between the quotes, or remove `{key}`"),
            );
        } else if text.contains('\0') {
            diagnostics.refuse(
                &given.value,
                format_args!("the name in `{key}` contains a NUL character"),
                "remove `\\0` from the name",
            );
        }
    }
}

/// `events = "history"`: beside what they always carry, events carry the state of the entity, or nothing.
fn events_carry_the_state_or_nothing(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    let Some(Given { key, value }) = &source.keys.events else { return };
    if value.value() != names::STATE {
        diagnostics.refuse(
            value,
            format_args!("the value of `{key}` is not `\"{}\"`", names::STATE),
            format_args!("write `{key} = \"{}\"`, or remove `{key}`", names::STATE),
        );
    }
}

/// `created_at = "at", updated_at = "at"`: the three columns of the timestamps have three names.
fn kept_columns_are_distinct(source: &Struct<'_>, diagnostics: &mut Diagnostics) {
    let names = source.keys.kept_columns();
    let columns = || names.iter().zip(&source.keys.kept).zip(&names::KEPT_COLUMNS);
    for (index, ((name, given), column)) in columns().enumerate() {
        for ((before, given_before), column_before) in columns().take(index) {
            let Some(at) = given.as_ref().or(given_before.as_ref()) else { continue };
            if !name.is_empty() && name.eq_ignore_ascii_case(before) {
                let (first, second) = (column_before.key, column.key);
                diagnostics.refuse(
                    &at.value,
                    format_args!("`{first}` and `{second}` have the same column `{name}`"),
                    format_args!("name another column for one of them, such as `{second} = \"..\"`"),
                );
            }
        }
    }
}

/// No two columns have one name, and none has the name of a column that the repository keeps. Case does not count,
/// because it does not count in SQLite.
fn columns_are_distinct(source: &Struct<'_>, timestamps: Option<&Field<'_>>, diagnostics: &mut Diagnostics) {
    if source.keys.table.is_none() {
        return;
    }
    let kept_columns = source.keys.kept_columns();
    let mut taken: HashMap<String, &Ident> = HashMap::new();
    for field in &source.fields {
        if field.keys.skip.is_some() || timestamps.is_some_and(|timestamps| std::ptr::eq(timestamps, field)) {
            continue;
        }
        let column = field.column_name();
        let name = column.value().to_ascii_lowercase();
        let mut kept = kept_columns.iter().zip(&names::KEPT_COLUMNS);
        let kept = kept.find(|(kept, _)| kept.eq_ignore_ascii_case(&name)).filter(|_| !name.is_empty());
        if let Some((name, kept)) = kept {
            refuse_kept_column(field, &column, name, kept.key, diagnostics);
        } else if let Some(first) = taken.get(&name) {
            diagnostics.refuse(
                &column,
                format_args!("the fields `{first}` and `{}` have the same column `{}`", field.ident, column.value()),
                "name the column of one of them: `#[timestamped(column = \"..\")]`",
            );
        } else if !name.is_empty() {
            taken.insert(name, field.ident);
        }
    }
}

fn refuse_kept_column(field: &Field<'_>, at: &LitStr, name: &str, method: &str, diagnostics: &mut Diagnostics) {
    let problem = format!("`{name}` is a column that the repository keeps for every entity");
    let help = format!(
        "name the column of `{}` with `#[timestamped(column = \"..\")]`, or remove the field and call `{method}()`",
        field.ident
    );
    diagnostics.refuse(at, problem, help);
}

/// Whether a key was refused for standing in the wrong place.
fn is_misplaced(misplaced: &[Ident], key: &str) -> bool {
    misplaced.iter().any(|found| found == key)
}

/// The keys of a field that say how it is stored, as they stand.
fn storage_keys<'a>(field: &'a Field<'a>) -> impl Iterator<Item = &'a Ident> {
    let keys = &field.keys;
    let column = keys.column.as_ref().map(|given| &given.key);
    [column, keys.json.as_ref(), keys.text.as_ref(), keys.skip.as_ref()].into_iter().flatten()
}
